// What falls due when: every rotation and every end of a secret, by day in the person's time zone.
import type { Secret } from "@/api/types";

export interface DueDate {
  secret: Pick<Secret, "id" | "name" | "kind">;
  what: "rotates" | "ends";
  at: string;
  /** Diwan makes the new value, so nobody has to do anything. */
  byItself: boolean;
}

type Dated = Pick<Secret, "id" | "name" | "kind" | "rotate_at" | "expires_at" | "generate">;

/** Soonest first. */
export function datesOf(secrets: Dated[]): DueDate[] {
  return secrets
    .flatMap(({ rotate_at, expires_at, generate, ...secret }): DueDate[] => [
      ...(rotate_at ? [{ secret, what: "rotates" as const, at: rotate_at, byItself: generate !== null }] : []),
      ...(expires_at ? [{ secret, what: "ends" as const, at: expires_at, byItself: false }] : []),
    ])
    .sort((one, other) => one.at.localeCompare(other.at) || one.secret.name.localeCompare(other.secret.name));
}

/** The day of a moment, as 2026-03-07. */
export function dayKey(at: string | number, timeZone: string | undefined): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  const part = Object.fromEntries(parts.formatToParts(new Date(at)).map(({ type, value }) => [type, value]));
  return `${part.year}-${part.month}-${part.day}`;
}

export function byDay(dates: DueDate[], timeZone: string | undefined): Map<string, DueDate[]> {
  const days = new Map<string, DueDate[]>();
  for (const date of dates) {
    const key = dayKey(date.at, timeZone);
    days.set(key, [...(days.get(key) ?? []), date]);
  }
  return days;
}

export interface Month {
  year: number;
  /** From 1. */
  month: number;
}

export function monthOf(day: string): Month {
  const [year, month] = day.split("-").map(Number);
  return { year: year ?? 1970, month: month ?? 1 };
}

export function moved({ year, month }: Month, by: number): Month {
  const date = new Date(Date.UTC(year, month - 1 + by, 1));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1 };
}

/** The days of a month in whole weeks; days of its neighbours are null. `weekStart` is 0 for Sunday. */
export function weeksOf({ year, month }: Month, weekStart: number): (string | null)[][] {
  const count = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const before = (new Date(Date.UTC(year, month - 1, 1)).getUTCDay() - weekStart + 7) % 7;
  const two = (part: number) => String(part).padStart(2, "0");
  const days = Array.from({ length: count }, (_, at) => `${year}-${two(month)}-${two(at + 1)}`);
  const cells = [...Array<null>(before).fill(null), ...days];
  const weeks = Math.ceil(cells.length / 7);
  return Array.from({ length: weeks }, (_, week) =>
    Array.from({ length: 7 }, (_, day) => cells[week * 7 + day] ?? null),
  );
}
