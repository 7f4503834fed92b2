import { useEffect, useState, useSyncExternalStore } from "react";
import { apiBase } from "@/api/client";
import { ProblemError, readProblem } from "@/api/problem";
import { sessionEnded } from "@/api/session-ended";
import { Follow } from "@/features/machines/output/follow";
import { browserParts } from "@/features/machines/output/use-follow";
import { JobLog } from "./job-log";

/** The log of an attempt, for as long as it is shown: what the command said that the attempt is. */
export function useLog(command: string, output: number, errors: number): JobLog {
  const [log] = useState(() => {
    const base = `${apiBase}/commands/${command}`;
    const address = ([from, errorsFrom]: [number, number]) =>
      `${base}/attach?view=true&output=${from}&errors=${errorsFrom}`;
    return new JobLog([output, errors], {
      link: (lengths, sink, from) =>
        new Follow(lengths, browserParts(address), { command: () => {}, sessionEnded }, sink, from),
      read: (channel, from, limit) => readPart(`${base}/output?channel=${channel}&from=${from}&limit=${limit}`),
    });
  });
  useEffect(() => {
    log.start();
    return () => log.stop();
  }, [log]);
  useEffect(() => log.told([output, errors]), [log, output, errors]);
  useSyncExternalStore(log.subscribe, () => log.version);
  return log;
}

async function readPart(url: string) {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) throw new ProblemError(await readProblem(answer));
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const length = Number(answer.headers.get("x-output-length"));
  return { bytes, length: Number.isSafeInteger(length) ? length : bytes.length };
}
