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
  /** When it was recorded, in milliseconds, if it says so. */
  recordedAt: number | null;
  /** Whether the end is missing. */
  isCut: boolean;
}

const MOST = 1000;

/** Null where it is no recording. A last line that is not whole is left out. */
export function readCast(file: string): Cast | null {
  const lines = file.split("\n");
  const head = parsed(lines[0] ?? "") as Record<string, unknown> | null;
  if (head === null || head.version !== 2) return null;
  const events = lines.slice(1).flatMap((line) => eventOf(parsed(line)) ?? []);
  let before = 0;
  for (const event of events) {
    event.at = Math.max(before, event.at);
    before = event.at;
  }
  return {
    size: sizeOf(head.width, head.height) ?? { columns: 80, rows: 24 },
    events,
    duration: before,
    recordedAt: typeof head.timestamp === "number" ? head.timestamp * 1000 : null,
    isCut: head.truncated === true || lines.some((line) => isCutMark(parsed(line))),
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

function isCutMark(line: unknown): boolean {
  return Array.isArray(line) && line[1] === "m" && line[2] === "truncated";
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
