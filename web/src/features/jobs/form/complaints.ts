// What is wrong with what was written: what the form itself sees, and what the server said, each at its place.
import { useTranslation } from "react-i18next";
import type { ProblemError } from "@/api/problem";
import { isLabel, splitLabels } from "@/features/machines/labels";
import { type Format, useFormat } from "@/i18n/format";
import type { Fault, Faults } from "./draft";

export interface Complaints {
  /** What is said of a place, or of something within it. */
  at: (place: string) => string | undefined;
  has: (...places: string[]) => boolean;
}

interface Told {
  field: string;
  code: string;
  message: string;
}

/** What the server says of a field. What concerns jobs alone comes first: elsewhere a code may mean something else. */
export function useFieldWords() {
  const { t, i18n } = useTranslation();
  return ({ field, code, message }: Told): string => {
    const own = `jobs.field.${code}`;
    if (!field.includes("target") && !field.includes("secrets") && i18n.exists(own))
      return t(own as "jobs.field.key_invalid");
    return t(`field.${code}` as "field.required", { defaultValue: message });
  };
}

/** What the form itself sees, with the bounds where there are some. */
function useFaultWords() {
  const { t } = useTranslation();
  const format = useFormat();
  return (fault: Fault): string => {
    if (typeof fault === "string") return t(`jobs.fault.${fault}`);
    const { of, least, most } = fault;
    const write: Format["span"] = of === "span" ? format.span : format.number;
    return t(of === "whole" ? "form.range" : `jobs.fault.${of}`, { least: write(least), most: write(most) });
  };
}

/** The server names places of a schedule's job after `job.`. */
export function useComplaints(faults: Faults | null, problem: ProblemError | null, prefix = ""): Complaints {
  const faultWords = useFaultWords();
  const words = useFieldWords();
  const told = (problem?.problem.errors ?? [])
    .filter(({ field }) => field.startsWith(prefix))
    .map((error) => ({ place: error.field.slice(prefix.length), text: words(error) }));
  const at = (place: string) => {
    const fault = faults && [...faults].find(([one]) => isWithin(one, place))?.[1];
    if (fault) return faultWords(fault);
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
