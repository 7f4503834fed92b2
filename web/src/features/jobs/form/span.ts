// A length of time as people write it: a number and a unit.

export const units = ["s", "min", "h", "d"] as const;
export type Unit = (typeof units)[number];

export interface Span {
  amount: string;
  unit: Unit;
}

const sizes: Record<Unit, number> = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

export function span(ms: number | null): Span {
  if (ms === null) return { amount: "", unit: "min" };
  const unit = units.toReversed().find((one) => ms > 0 && ms % sizes[one] === 0) ?? "s";
  return { amount: String(ms / sizes[unit]), unit };
}

/** Null when nothing was said, and NaN when it is no length of time. */
export function msOf({ amount, unit }: Span): number | null {
  const text = amount.trim().replace(",", ".");
  if (text === "") return null;
  return /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * sizes[unit]) : Number.NaN;
}
