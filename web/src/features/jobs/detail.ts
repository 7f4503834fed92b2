// What was said of how a job ended, beyond what its reason says in the reader's language.
import type { Job } from "./api";

const sayAll = ["queue_timeout", "machine_revoked", "owner_gone"];

export function detailOf(job: Pick<Job, "reason" | "detail">): string | null {
  return job.reason && sayAll.includes(job.reason) ? null : job.detail;
}
