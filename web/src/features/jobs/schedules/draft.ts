// What is being written in the form of a schedule, and what it comes to.
import type { Schedule, ScheduleSpec, ScheduleWhen } from "../api";
import {
  DAY_MS,
  emptyDraft as emptyJob,
  type Faults,
  type JobDraft,
  draftOf as jobDraftOf,
  jobOf,
  lasting,
} from "../form/draft";
import { msOf, type Span, span } from "../form/span";

export interface ScheduleDraft {
  name: string;
  kind: ScheduleWhen["kind"];
  expression: string;
  zone: string;
  jitter: Span;
  provider: "diwan" | "github" | "gitlab" | "gitea";
  branch: string;
  event: "job.ended" | "machine.joined" | "git.push";
  filter: string;
  missed: ScheduleSpec["missed"];
  overlap: ScheduleSpec["overlap"];
  job: JobDraft;
}

export function emptyDraft(zone: string): ScheduleDraft {
  return {
    name: "",
    kind: "cron",
    expression: "0 3 * * *",
    zone,
    jitter: span(null),
    provider: "diwan",
    branch: "",
    event: "git.push",
    filter: "",
    missed: "once",
    overlap: "allow",
    job: emptyJob(),
  };
}

export function draftOf({ name, when, missed, overlap, job }: Schedule, zone: string): ScheduleDraft {
  const draft = { ...emptyDraft(zone), name, kind: when.kind, missed, overlap, job: jobDraftOf(job) };
  if (when.kind === "cron") {
    return { ...draft, expression: when.expression, zone: when.time_zone, jitter: span(when.jitter_ms || null) };
  }
  if (when.kind === "webhook") return { ...draft, provider: when.provider, branch: when.branch ?? "" };
  const filter = Object.entries(when.filter).map(([key, value]) => `${key}=${value}`);
  return { ...draft, event: when.event, filter: filter.join("\n") };
}

export function whenOf(draft: ScheduleDraft): ScheduleWhen {
  if (draft.kind === "webhook") {
    return {
      kind: "webhook",
      provider: draft.provider,
      branch: (draft.provider !== "diwan" && draft.branch.trim()) || null,
    };
  }
  if (draft.kind === "event") return { kind: "event", event: draft.event, filter: filterOf(draft.filter) };
  const jitter = msOf(draft.jitter);
  return {
    kind: "cron",
    expression: draft.expression.trim().replace(/\s+/g, " "),
    time_zone: draft.zone,
    jitter_ms: jitter === null || Number.isNaN(jitter) ? 0 : jitter,
  };
}

/** Pairs, one a line or with commas between them. */
function filterOf(text: string): Record<string, string> {
  const pairs = text.split(/[\n,،]+/).map((part) => part.trim());
  return Object.fromEntries(
    pairs.filter(Boolean).map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair, ""] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}

export function scheduleOf(draft: ScheduleDraft): { schedule: ScheduleSpec; faults: Faults } {
  const { job, faults } = jobOf({ ...draft.job, start: "now" });
  const all: Faults = new Map([...faults].map(([place, fault]) => [`job.${place}`, fault]));
  if (!draft.name.trim()) all.set("name", "required");
  if (draft.kind === "cron" && !draft.expression.trim()) all.set("when.expression", "required");
  if (draft.kind === "cron") lasting(draft.jitter, [0, DAY_MS], "when.jitter_ms", all);
  const { not_before: _, after: __, ...spec } = job;
  return {
    schedule: { name: draft.name.trim(), when: whenOf(draft), missed: draft.missed, overlap: draft.overlap, job: spec },
    faults: all,
  };
}
