// What the screens about jobs ask. Keys begin with the live topic `jobs`; statistics are looked at now and then
// only, so that a busy hour is not counted anew with every job.
import { queryOptions } from "@tanstack/react-query";
import { pagedQuery } from "@/api/queries";
import type { DeadLettersSearch, JobsSearch } from "@/app/search";
import type { ScheduleWhen, StatisticsWindow } from "./api";
import * as calls from "./calls";
import { filterOf } from "./list/filter";

export function jobsQuery(search: JobsSearch) {
  const filter = filterOf(search);
  return pagedQuery(["jobs", "list", filter], (cursor, signal) =>
    calls.listJobs({ ...filter, cursor, limit: 25 }, signal),
  );
}

export function jobQuery(id: string) {
  return queryOptions({
    queryKey: ["jobs", "one", id],
    queryFn: ({ signal }) => calls.getJob(id, signal),
  });
}

/** The files that an attempt has left: below the job, so that they are looked at anew with it. */
export function artifactsQuery(id: string, attempt: number | undefined) {
  return queryOptions({
    queryKey: ["jobs", "one", id, "artifacts", attempt],
    queryFn: ({ signal }) => calls.listArtifacts(id, attempt, signal),
    // Nobody says when one more is copied.
    refetchInterval: ({ state }) => state.data?.copying === "waiting" && 10_000,
  });
}

/** A few jobs that a word is found in, to be chosen from. */
export function jobsFoundQuery(search: string) {
  return queryOptions({
    queryKey: ["jobs", "found", search],
    queryFn: async ({ signal }) => (await calls.listJobs({ ...(search ? { search } : {}), limit: 20 }, signal)).items,
  });
}

export const queuesQuery = queryOptions({
  queryKey: ["jobs", "queues"],
  queryFn: ({ signal }) => calls.listQueues(signal),
});

export const slotsQuery = queryOptions({
  queryKey: ["jobs", "machines"],
  queryFn: ({ signal }) => calls.listMachines(signal),
});

/** What secrets are called, to be chosen from: begins with the topic of the vault. */
export const secretNamesQuery = queryOptions({
  queryKey: ["secrets", "names"],
  queryFn: async ({ signal }) => (await calls.listSecrets(signal)).items.map(({ name }) => name),
});

export function deadLettersQuery({ queue, reason, owner }: DeadLettersSearch) {
  return pagedQuery(["jobs", "dead", { queue, reason, owner }], (cursor, signal) =>
    calls.listJobs({ phase: "dead", queue, reason, owner, cursor, limit: 25 }, signal),
  );
}

/** How many there are, as far as one counts: more than these are many. */
export function deadCountQuery({ queue, reason, owner }: DeadLettersSearch, limit: number) {
  return queryOptions({
    queryKey: ["jobs", "dead", "count", { queue, reason, owner }, limit],
    queryFn: async ({ signal }) => {
      const page = await calls.listJobs({ phase: "dead", queue, reason, owner, limit }, signal);
      return { count: page.items.length, more: Boolean(page.next_cursor) };
    },
  });
}

export const schedulesQuery = pagedQuery(["jobs", "schedules"], (cursor, signal) =>
  calls.listSchedules({ cursor }, signal),
);

export function scheduleQuery(id: string) {
  return queryOptions({
    queryKey: ["jobs", "schedule", id],
    queryFn: ({ signal }) => calls.getSchedule(id, signal),
  });
}

export function scheduleRunsQuery(id: string) {
  return pagedQuery(["jobs", "schedule", id, "runs"], (cursor, signal) =>
    calls.listJobs({ schedule: id, cursor, limit: 10 }, signal),
  );
}

/** What comes each second is not asked about as often. */
const OFTEN_MS = 5000;
/** A timer cannot wait for months. */
const SELDOM_MS = 86_400_000;

/** When a schedule would come next; what is typed is asked about anew, and so it is when the first of them is over. */
export function previewQuery(when: ScheduleWhen) {
  return queryOptions({
    queryKey: ["job-schedule-preview", when],
    queryFn: ({ signal }) => calls.previewSchedule(when, 10, signal),
    retry: false,
    staleTime: 30_000,
    refetchInterval: ({ state: { data } }) => {
      const first = data?.next[0];
      if (!first) return false;
      return Math.min(Math.max(new Date(first).getTime() - Date.now(), OFTEN_MS), SELDOM_MS);
    },
  });
}

export function statisticsQuery(window: StatisticsWindow, queue: string | undefined) {
  return queryOptions({
    queryKey: ["job-statistics", window, queue],
    queryFn: ({ signal }) => calls.readStatistics({ window, queue }, signal),
    refetchInterval: 30_000,
  });
}
