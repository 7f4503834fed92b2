// What is asked of the list of jobs, from what its address says.
import type { JobsSearch, jobStates } from "@/app/search";
import type { JobQueue } from "../api";
import type { JobFilter } from "../calls";

export const parts = ["under_way", "waiting", "ended"] as const;
export type Part = (typeof parts)[number];

/** Each part of the board is some of the states. */
export const statesOf: Record<Part, (typeof jobStates)[number][]> = {
  under_way: ["leased", "running"],
  waiting: ["queued"],
  ended: ["succeeded", "failed", "cancelled", "timed_out", "expired"],
};

export function filterOf({ part, state, queue, machine, owner, label, schedule, search }: JobsSearch): JobFilter {
  const asked = { state, phase: state ? undefined : part, queue, machine, owner, label, schedule, search };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

/** Whether less than everything is asked for. */
export function isFiltered({ state, queue, machine, owner, label, schedule, search }: JobsSearch): boolean {
  return [state, queue, machine, owner, label, schedule, search].some((one) => one !== undefined);
}

/** The state that can still be chosen once a part is. */
export function withPart(search: JobsSearch, part: Part | undefined): JobsSearch {
  const keeps = search.state !== undefined && part !== undefined && statesOf[part].includes(search.state);
  return { ...search, part, state: keeps ? search.state : undefined };
}

/** The queue of jobs that name none. */
const USUAL_QUEUE = "default";

/** Whether a queue has something to show: one that was used some time ago is there only to be chosen. */
export function ofInterest({ name, waiting, held, under_way, limit, paused_at }: JobQueue): boolean {
  return name === USUAL_QUEUE || waiting + held + under_way > 0 || limit !== null || paused_at !== null;
}
