// How long jobs waited and ran; what goes on is counted on.
import { useNow } from "@/features/machines/use-machines";
import { useFormat } from "@/i18n/format";
import type { Job } from "./api";
import { isOpen } from "./state";

const ms = (at: string) => new Date(at).getTime();

/** Since it could have begun. */
export function Waited({ job }: { job: Job }) {
  const waits = job.state === "queued" && job.hold === "";
  const now = useNow(1000, waits);
  if (waits) return <Took ms={now - ms(job.ready_at)} />;
  const until = job.leased_at ?? job.ended_at;
  return until && job.state !== "queued" ? <Took ms={ms(until) - ms(job.ready_at)} /> : <>—</>;
}

/** The attempt that counts. */
export function Ran({ job }: { job: Pick<Job, "state" | "started_at" | "ended_at"> }) {
  const runs = isOpen(job) && job.state !== "queued" && job.started_at !== null;
  const now = useNow(1000, runs);
  if (!job.started_at || job.state === "queued") return <>—</>;
  if (runs) return <Took ms={now - ms(job.started_at)} />;
  return job.ended_at ? <Took ms={ms(job.ended_at) - ms(job.started_at)} /> : <>—</>;
}

/** Whole seconds from the first on, so that what counts on does not flicker. */
export function Took({ ms: duration }: { ms: number }) {
  const format = useFormat();
  const shown = duration < 1000 ? Math.max(0, duration) : Math.round(duration / 1000) * 1000;
  return <bdi className="whitespace-nowrap">{format.took(shown)}</bdi>;
}
