// What was said of how a job ended, beyond what its reason says in the reader's language.
import type { Job } from "./api";

/** Which job another waited for stands among those before it, by its name. */
const sayAll = ["queue_timeout", "machine_revoked", "owner_gone", "dependency_failed"];

export function detailOf(job: Pick<Job, "reason" | "detail">): string | null {
  return job.reason && sayAll.includes(job.reason) ? null : job.detail;
}
