// A recording in the form of asciicast, version 2: a line about it, then one line for each thing that happened.
import type { Size } from "./access";

export interface CastEvent {
  /** Seconds from its beginning. */
  at: number;
  text?: string;
  size?: Size;
}

export interface Cast {
  size: Size;
  events: CastEvent[];
  duration: number;
  /** Whether the end is missing: then a mark is the last of all. */
  isCut: boolean;
  /** Whether something in between is missing: there is a mark, too. */
  hasGaps: boolean;
}

const MOST = 1000;

/** Null where it is no recording. A last line that is not whole is left out. */
export function readCast(file: string): Cast | null {
  const lines = file.split("\n");
  const head = parsed(lines[0] ?? "") as Record<string, unknown> | null;
  if (head === null || head.version !== 2) return null;
  const happened = lines.slice(1).map(parsed).filter(Array.isArray);
  const marks = happened.filter(isMark).length;
  const isCut = isMark(happened.at(-1));
  const events = happened.flatMap((one) => eventOf(one) ?? []);
  let before = 0;
  for (const event of events) {
    event.at = Math.max(before, event.at);
    before = event.at;
  }
  return {
    size: sizeOf(head.width, head.height) ?? { columns: 80, rows: 24 },
    events,
    duration: before,
    isCut,
    hasGaps: marks > (isCut ? 1 : 0),
  };
}

function eventOf(line: unknown): CastEvent | null {
  if (!Array.isArray(line)) return null;
  const [at, kind, data] = line as unknown[];
  if (typeof at !== "number" || !Number.isFinite(at) || at < 0 || typeof data !== "string") return null;
  if (kind === "o") return { at, text: data };
  const [columns, rows] = data.split("x").map(Number);
  const size = kind === "r" && sizeOf(columns, rows);
  return size ? { at, size } : null;
}

function isMark(line: unknown): boolean {
  return Array.isArray(line) && line[1] === "m";
}

function sizeOf(columns: unknown, rows: unknown): Size | null {
  const fits = (value: unknown): value is number =>
    Number.isInteger(value) && Number(value) > 0 && Number(value) <= MOST;
  return fits(columns) && fits(rows) ? { columns, rows } : null;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
