import { useState } from "react";
import { useTranslation } from "react-i18next";
import { apiBase } from "@/api/client";
import { ProblemError, problemFrom, readProblem } from "@/api/problem";
import type { Command } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { downloadBlob } from "@/ui/download";
import { useProblemText } from "@/ui/problem";
import { toast } from "@/ui/toast";
import type { Channel } from "./transcript";

type Said = Pick<Command, "id" | "machine_name" | "output_bytes" | "error_bytes" | "output_deleted_at">;

export function DownloadOutput({ command }: { command: Said }) {
  const { t } = useTranslation();
  const format = useFormat();
  const told = useProblemText();
  const [busy, setBusy] = useState<Channel | null>(null);
  if (command.output_deleted_at) return null;

  async function download(channel: Channel) {
    setBusy(channel);
    try {
      const name = `${command.machine_name}-${command.id}.${channel === 1 ? "out" : "err"}`;
      downloadBlob(name, await readAll(command.id, channel));
    } catch (error) {
      toast(told(error), "danger");
    } finally {
      setBusy(null);
    }
  }

  const offers = [
    { channel: 1 as const, bytes: command.output_bytes, key: "commands.output.download_output" as const },
    { channel: 2 as const, bytes: command.error_bytes, key: "commands.output.download_errors" as const },
  ].filter(({ bytes }) => bytes > 0);
  return (
    <div className="flex flex-wrap gap-2">
      {offers.map(({ channel, bytes, key }) => (
        <Button key={channel} size="sm" icon="download" busy={busy === channel} onClick={() => download(channel)}>
          {t(key)} <bdi className="font-normal text-faint">{format.bytes(bytes)}</bdi>
        </Button>
      ))}
    </div>
  );
}

const AT_ONCE = 1024 * 1024;

/** Every byte as it was said, part by part; the browser keeps long ones on its disk. */
async function readAll(id: string, channel: Channel): Promise<Blob> {
  const parts: Blob[] = [];
  let from = 0;
  for (;;) {
    const url = `${apiBase}/commands/${id}/output?channel=${channel}&from=${from}&limit=${AT_ONCE}`;
    const answer = await fetch(url, { credentials: "same-origin" });
    if (!answer.ok) throw new ProblemError(await readProblem(answer));
    const part = await answer.blob();
    const next = Number(answer.headers.get("x-output-next"));
    if (!Number.isSafeInteger(next) || next < from) throw new ProblemError(problemFrom(null, 502));
    parts.push(part);
    // Of one that still runs, what there is so far.
    if (next === from || next >= Number(answer.headers.get("x-output-length"))) return new Blob(parts);
    from = next;
  }
}
