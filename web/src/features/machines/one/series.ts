// How a machine was doing, as lines of a graph: what the server remembers and what came since, in one order.
import type { MachineSample, SamplePoint } from "@/api/types";

export const SHOWN_MS = 10 * 60_000;
/** A machine that nobody watches reports every half minute; a longer silence is a hole in the line. */
const LONGEST_PAUSE_MS = 75_000;
/** A watched one reports every two seconds. */
const MOST_POINTS = 400;

export interface Point {
  at: number;
  value: number;
}

export interface Doing {
  at: number;
  processor: number;
  memory: number;
  received: number;
  sent: number;
}

export function doingOf(point: SamplePoint | MachineSample): Doing {
  return {
    at: new Date(point.at).getTime(),
    processor: point.processor,
    memory: point.memory_used_bytes,
    received: point.received_bytes_s,
    sent: point.sent_bytes_s,
  };
}

/** Both in order of time, each moment once, and nothing that is too old to be shown. */
export function merged(before: Doing[], since: Doing[]): Doing[] {
  const all = new Map([...before, ...since].map((one) => [one.at, one]));
  const sorted = [...all.values()].sort((one, other) => one.at - other.at);
  const oldest = (sorted.at(-1)?.at ?? 0) - SHOWN_MS;
  return sorted.filter((one) => one.at >= oldest).slice(-MOST_POINTS);
}

/** Lines from hole to hole. */
export function unbroken(points: Point[]): Point[][] {
  const lines: Point[][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    if (point.at - before > LONGEST_PAUSE_MS) lines.push([]);
    lines.at(-1)?.push(point);
    before = point.at;
  }
  return lines;
}

/** The next round number at which an axis may end: 1, 2 or 5, and zeros. */
export function roundUp(value: number, least: number): number {
  const size = Math.max(value, least);
  const power = 10 ** Math.floor(Math.log10(size));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= size * (1 - 1e-9)) ?? 10;
  return step * power;
}

/** The point nearest to a moment. */
export function nearest(points: Point[], at: number): Point | undefined {
  return points.reduce<Point | undefined>(
    (best, one) => (!best || Math.abs(one.at - at) < Math.abs(best.at - at) ? one : best),
    undefined,
  );
}
