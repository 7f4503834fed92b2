// The attempts at a job on one line of time: how long each waited, was on its way and ran.
import type { Job, JobAttempt, JobDetail } from "../api";

export interface Lane {
  /** Shares of the whole time, from 0 to 1. */
  from: number;
  waited: number;
  leased: number;
  ran: number;
}

const ms = (at: string) => new Date(at).getTime();

/** From the first to the last. */
export function attemptsOf({ attempts }: Pick<JobDetail, "attempts">): JobAttempt[] {
  return [...attempts].sort((one, other) => one.attempt - other.attempt);
}

/** Whether there is something that it said or may say. */
export function hasLog({ command_id, started_at, output_bytes, error_bytes }: JobAttempt): boolean {
  return command_id !== null && (started_at !== null || output_bytes + error_bytes > 0);
}

/** When an attempt could have begun: the first when the job was ready, each other when the one before had ended. */
export function waitingSince(job: Pick<Job, "created_at" | "ready_at">, attempts: JobAttempt[], at: number): number {
  const before = attempts[at - 1];
  const leased = ms(attempts[at]?.leased_at ?? job.created_at);
  const since = before
    ? ms(before.ended_at ?? before.leased_at)
    : ms(attempts.length === 1 ? job.ready_at : job.created_at);
  return Math.min(since, leased);
}

export function lanes(job: Pick<Job, "created_at" | "ready_at">, attempts: JobAttempt[], now: number): Lane[] {
  const begin = waitingSince(job, attempts, 0);
  const end = Math.max(begin + 1, ...attempts.map(({ ended_at }) => (ended_at ? ms(ended_at) : now)));
  const share = (from: number, to: number) => Math.max(0, to - from) / (end - begin);
  return attempts.map((attempt, at) => {
    const since = waitingSince(job, attempts, at);
    const leased = ms(attempt.leased_at);
    const over = attempt.ended_at ? ms(attempt.ended_at) : now;
    const started = attempt.started_at ? ms(attempt.started_at) : over;
    return {
      from: share(begin, since),
      waited: share(since, leased),
      leased: share(leased, started),
      ran: share(started, over),
    };
  });
}
