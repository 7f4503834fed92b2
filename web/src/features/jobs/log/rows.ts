// Where each line stands when lines are as high as the rows that they fill: only those in sight are drawn.
import type { LogLine } from "./window";

/** The first row of each line, and behind the last how many there are. */
export function rowsOf(lines: LogLine[], columns: number): Float64Array {
  const rows = new Float64Array(lines.length + 1);
  lines.forEach((line, at) => {
    rows[at + 1] = (rows[at] ?? 0) + height(line, columns);
  });
  return rows;
}

export function height(line: LogLine, columns: number): number {
  return Math.max(1, Math.ceil(line.cells / columns));
}

/** The line that a row belongs to. */
export function lineAt(rows: Float64Array, row: number): number {
  let [low, high] = [0, Math.max(0, rows.length - 2)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((rows[middle] ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The line that is shown in the turn of an order, or the next one after it. */
export function lineOf(lines: LogLine[], order: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.order ?? 0) < order) low = middle + 1;
    else high = middle;
  }
  return low;
}
