import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import type { AuditEntry } from "@/api/types";
import { type Activity, sortIntoBuckets, spanEnding } from "./activity-buckets";

export const ranges = {
  day: { hours: 24, step_h: 1 },
  week: { hours: 168, step_h: 6 },
} as const;

export type Range = keyof typeof ranges;

const PAGE = 200;
const PAGES = 5;

/** Its key does not begin with a live topic: a chart need not be drawn anew at every event, once a minute will do. */
export function activityQuery(range: Range) {
  return queryOptions({
    queryKey: ["activity", range],
    queryFn: ({ signal }) => read(range, signal),
    staleTime: 30_000,
    refetchInterval: 60_000,
  });
}

async function read(range: Range, signal: AbortSignal): Promise<Activity> {
  const span = spanEnding(Date.now(), ranges[range].hours, ranges[range].step_h);
  const since = new Date(span.from).toISOString();
  const entries: AuditEntry[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const query = { limit: PAGE, since, ...(cursor ? { cursor } : {}) };
    const answer = await unwrap(api.GET("/audit", { params: { query }, signal }));
    entries.push(...answer.items);
    cursor = answer.next_cursor ?? undefined;
    if (!cursor) break;
  }
  return sortIntoBuckets(entries, span, !cursor);
}
