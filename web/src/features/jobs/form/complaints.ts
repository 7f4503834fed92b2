// What is wrong with what was written: what the form itself sees, and what the server said, each at its place.
import { useTranslation } from "react-i18next";
import type { ProblemError } from "@/api/problem";
import { isLabel, splitLabels } from "@/features/machines/labels";
import type { Faults } from "./draft";

export interface Complaints {
  /** What is said of a place, or of something within it. */
  at: (place: string) => string | undefined;
  has: (...places: string[]) => boolean;
}

/** The server names places of a schedule's job after `job.`. */
export function useComplaints(faults: Faults | null, problem: ProblemError | null, prefix = ""): Complaints {
  const { t } = useTranslation();
  const told = (problem?.problem.errors ?? []).map(({ field, code, message }) => ({
    place: prefix && field.startsWith(prefix) ? field.slice(prefix.length) : field,
    text: t(`field.${code}` as "field.required", { defaultValue: message }),
  }));
  const at = (place: string) => {
    const fault = faults && [...faults].find(([one]) => isWithin(one, place))?.[1];
    if (fault) return t(`jobs.fault.${fault}`);
    return told.find((one) => isWithin(one.place, place))?.text;
  };
  return { at, has: (...places) => places.some((place) => at(place) !== undefined) };
}

export function isWithin(one: string, place: string): boolean {
  return one === place || one.startsWith(`${place}.`) || one.startsWith(`${place}[`);
}

/** Whether labels can be looked for already. */
export function areLabels(text: string): boolean {
  const labels = splitLabels(text);
  return labels.length > 0 && labels.every(isLabel);
}
