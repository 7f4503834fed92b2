import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { buttonLook } from "@/ui/button";
import { Icon } from "@/ui/icon";

interface DownloadOutputProps {
  address: (channel: "output" | "errors") => string;
  output: number;
  errors: number;
}

/** Links to all that was said; the browser writes it to its disk as it comes, however much that is. */
export function DownloadOutput({ address, output, errors }: DownloadOutputProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const offers = [
    { channel: "output" as const, bytes: output, key: "commands.output.download_output" as const },
    { channel: "errors" as const, bytes: errors, key: "commands.output.download_errors" as const },
  ].filter(({ bytes }) => bytes > 0);
  return (
    <div className="flex flex-wrap gap-2">
      {offers.map(({ channel, bytes, key }) => (
        <a key={channel} className={buttonLook("secondary", "sm")} href={address(channel)} download>
          <Icon name="download" />
          {t(key)} <bdi className="font-normal text-faint">{format.bytes(bytes)}</bdi>
        </a>
      ))}
    </div>
  );
}
