import { useEffect, useState, useSyncExternalStore } from "react";
import { apiBase } from "@/api/client";
import { ProblemError, readProblem } from "@/api/problem";
import { sessionEnded } from "@/api/session-ended";
import { Follow } from "@/features/machines/output/follow";
import { browserParts } from "@/features/machines/output/use-follow";
import { JobLog } from "./job-log";

/** Which attempt at which job. */
export interface LogOf {
  job: string;
  attempt: number;
}

/** Where something about a log is asked for. */
export const logAddress = ({ job, attempt }: LogOf, what: string, query: string) =>
  `${apiBase}/jobs/${job}/log${what}?attempt=${attempt}&${query}`;

/** The log of an attempt, for as long as it is shown. */
export function useLog(of: LogOf, output: number, errors: number): JobLog {
  const [log] = useState(() => {
    const address = ([from, errorsFrom]: [number, number]) =>
      logAddress(of, "/follow", `output=${from}&errors=${errorsFrom}`);
    return new JobLog([output, errors], {
      link: (lengths, sink, from) =>
        new Follow(lengths, browserParts(address), { command: () => {}, sessionEnded }, sink, from),
      read: (channel, from, limit) =>
        readPart(logAddress(of, "", `channel=${channel === 1 ? "output" : "errors"}&from=${from}&limit=${limit}`)),
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
