// Limits of a job as people write them: numbers, and sizes in MiB or KiB.
import type { JobLimits } from "../api";
import type { Faults } from "./draft";

export type Limit = keyof JobLimits;

const KIB = 1024;
const MIB = 1_048_576;
const LARGEST = 16_777_216;

/** The least and the most of each as it is written, and how much one of what is written is. */
const known: Record<Limit, [least: number, most: number, one: number]> = {
  memory_bytes: [1, LARGEST, MIB],
  processes: [1, 100_000, 1],
  cpu_percent: [1, 100_000, 1],
  open_files: [16, 1_048_576, 1],
  file_bytes: [1, LARGEST, MIB],
  output_bytes: [1 / KIB, LARGEST * KIB, KIB],
};

export const limits = Object.keys(known) as Limit[];

/** As they are written; empty where there is none. */
export function limitTexts(of: JobLimits): Record<Limit, string> {
  const text = (limit: Limit) => {
    const value = of[limit];
    return value === undefined ? "" : String(value / known[limit][2]);
  };
  return Object.fromEntries(limits.map((limit) => [limit, text(limit)])) as Record<Limit, string>;
}

/** Those that are written. */
export function limitsOf(texts: Record<Limit, string>, faults: Faults): JobLimits {
  const told: JobLimits = {};
  for (const limit of limits) {
    const text = texts[limit].trim().replace(",", ".");
    if (text === "") continue;
    const [least, most, one] = known[limit];
    const value = Number(text);
    if (value >= least && value <= most && (one > 1 || Number.isInteger(value))) told[limit] = Math.round(value * one);
    else faults.set(`limits.${limit}`, { of: one > 1 ? "number" : "whole", least, most });
  }
  return told;
}
