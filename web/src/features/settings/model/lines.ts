// Two values side by side, line by line, as they would stand in the file.
import { isMap } from "./schema";

export interface Line {
  /** A gap stands for lines that stayed and are far from any that did not. */
  mark: "same" | "old" | "new" | "gap";
  text: string;
}

/** The lines of a list or a map; a single value is one line. */
export function toLines(value: unknown, indent = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => listed(one, indent));
  if (isMap(value)) {
    const there = Object.entries(value).filter(([, one]) => one != null);
    return there.flatMap(([name, one]) =>
      isDeepValue(one) ? [`${indent}${name}:`, ...toLines(one, `${indent}  `)] : [`${indent}${name}: ${written(one)}`],
    );
  }
  return value == null ? [] : [`${indent}${written(value)}`];
}

export function isDeepValue(value: unknown): boolean {
  return (Array.isArray(value) && value.length > 0) || isMap(value);
}

/** A value as it would be typed. */
export function written(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What was taken away, what came, and what stayed: the longest common part stays. */
export function diffLines(old: string[], fresh: string[]): Line[] {
  const common = lengths(old, fresh);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      lines.push({ mark: "same", text: old[i] ?? "" });
      i += 1;
      j += 1;
    } else if (j >= fresh.length || (i < old.length && (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))) {
      lines.push({ mark: "old", text: old[i] ?? "" });
      i += 1;
    } else {
      lines.push({ mark: "new", text: fresh[j] ?? "" });
      j += 1;
    }
  }
  return lines;
}

const NEAR = 2;

/** The lines that differ, with a few around them. */
export function excerpt(lines: Line[]): Line[] {
  const differs = lines.flatMap(({ mark }, at) => (mark === "same" ? [] : [at]));
  const isNear = (at: number) => differs.some((one) => Math.abs(one - at) <= NEAR);
  return lines.flatMap((line, at): Line[] => {
    if (isNear(at)) return [line];
    return at === 0 || isNear(at - 1) ? [{ mark: "gap", text: "⋯" }] : [];
  });
}

function listed(value: unknown, indent: string): string[] {
  const [first = "", ...rest] = toLines(value, "");
  return [`${indent}- ${first}`, ...rest.map((line) => `${indent}  ${line}`)];
}

/** For each pair of places how many lines the rests have in common. */
function lengths(old: string[], fresh: string[]): number[][] {
  const table = Array.from({ length: old.length + 1 }, () => new Array<number>(fresh.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      const [row = [], below = []] = [table[i], table[i + 1]];
      row[j] = old[i] === fresh[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return table;
}
