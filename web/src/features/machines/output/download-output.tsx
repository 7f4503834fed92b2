import { useTranslation } from "react-i18next";
import { apiBase } from "@/api/client";
import type { Command } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { buttonLook } from "@/ui/button";
import { Icon } from "@/ui/icon";

type Said = Pick<Command, "id" | "output_bytes" | "error_bytes" | "output_deleted_at">;

/** Links to all that was said; the browser writes it to its disk as it comes, however much that is. */
export function DownloadOutput({ command }: { command: Said }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (command.output_deleted_at) return null;

  const offers = [
    { channel: "output", bytes: command.output_bytes, key: "commands.output.download_output" as const },
    { channel: "errors", bytes: command.error_bytes, key: "commands.output.download_errors" as const },
  ].filter(({ bytes }) => bytes > 0);
  return (
    <div className="flex flex-wrap gap-2">
      {offers.map(({ channel, bytes, key }) => (
        <a
          key={channel}
          className={buttonLook("secondary", "sm")}
          href={`${apiBase}/commands/${command.id}/output/download?channel=${channel}`}
          download
        >
          <Icon name="download" />
          {t(key)} <bdi className="font-normal text-faint">{format.bytes(bytes)}</bdi>
        </a>
      ))}
    </div>
  );
}
