// Sorts entries of the audit log into the bars of a chart. Where the log was not read far enough back, it says so.
import type { AuditEntry } from "@/api/types";

export interface Bucket {
  from: number;
  to: number;
  done: number;
  /** Refused or failed. */
  not_done: number;
}

export interface Activity {
  buckets: Bucket[];
  /** Entries in all bars. */
  total: number;
  not_done: number;
  /** The moment since which everything was counted; later than the first bar when there was too much to read. */
  counted_since: number;
  actors: { actor: AuditEntry["actor"]; count: number }[];
}

export interface Span {
  from: number;
  step_ms: number;
  count: number;
}

const HOUR_MS = 3_600_000;

/** The last `hours`, in steps that end with the hour that is running. */
export function spanEnding(now: number, hours: number, step_h: number): Span {
  const end = Math.ceil((now + 1) / HOUR_MS) * HOUR_MS;
  return { from: end - hours * HOUR_MS, step_ms: step_h * HOUR_MS, count: hours / step_h };
}

/** `complete` says whether `entries` (newest first) reach back to the beginning of the span. */
export function sortIntoBuckets(entries: AuditEntry[], span: Span, complete: boolean): Activity {
  const buckets = [...Array(span.count).keys()].map((at) => ({
    from: span.from + at * span.step_ms,
    to: span.from + (at + 1) * span.step_ms,
    done: 0,
    not_done: 0,
  }));
  const actors = new Map<string, { actor: AuditEntry["actor"]; count: number }>();
  let oldest = span.from + span.count * span.step_ms;
  for (const entry of entries) {
    const at = Date.parse(entry.at);
    const bucket = buckets[Math.floor((at - span.from) / span.step_ms)];
    if (!bucket) continue;
    oldest = Math.min(oldest, at);
    if (entry.outcome === "ok") bucket.done += 1;
    else bucket.not_done += 1;
    count(actors, entry.actor);
  }
  return {
    buckets,
    total: sum(buckets, (one) => one.done + one.not_done),
    not_done: sum(buckets, (one) => one.not_done),
    counted_since: complete ? span.from : oldest,
    actors: [...actors.values()].sort((one, other) => other.count - one.count),
  };
}

/** Only those who can be named: people and their tokens, each by their newest name. */
function count(actors: Map<string, { actor: AuditEntry["actor"]; count: number }>, actor: AuditEntry["actor"]) {
  if (!actor.id || !actor.name) return;
  const known = actors.get(actor.id);
  if (known) known.count += 1;
  else actors.set(actor.id, { actor, count: 1 });
}

function sum(buckets: Bucket[], of: (bucket: Bucket) => number): number {
  return buckets.reduce((total, bucket) => total + of(bucket), 0);
}
