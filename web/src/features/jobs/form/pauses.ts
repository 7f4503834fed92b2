// The pauses between attempts, as they are without chance.
import type { JobDraft } from "./draft";
import { msOf } from "./span";

const MOST_SHOWN = 6;

export function pauses({ attempts, delay, most, factor }: JobDraft["retry"]): number[] {
  const count = Math.min(MOST_SHOWN, Number(attempts) - 1);
  const [first, longest, grows] = [msOf(delay), msOf(most), Number(factor.replace(",", ".") || "1")];
  if (!(count > 0) || first === null || Number.isNaN(first) || !(grows >= 1)) return [];
  const bound = longest === null || Number.isNaN(longest) ? Number.POSITIVE_INFINITY : longest;
  return Array.from({ length: count }, (_, at) => Math.min(bound, first * grows ** at));
}
