// The places of a request that a field of the form, as it stands, says what is wrong with: of the job too.
import { scheduledPlacesOf } from "../form/places";
import type { ScheduleDraft } from "./draft";

export function placesOf(draft: ScheduleDraft): string[] {
  const of: Record<ScheduleDraft["kind"], string[]> = {
    cron: ["when.expression", "when.time_zone", "when.jitter_ms", "missed"],
    webhook: ["when.provider", ...(draft.provider === "diwan" ? [] : ["when.branch"])],
    event: ["when.event", "when.filter"],
  };
  return ["name", "overlap", ...of[draft.kind], ...scheduledPlacesOf(draft.job).map((place) => `job.${place}`)];
}
