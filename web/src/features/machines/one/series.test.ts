import { describe, expect, it } from "vitest";
import { type Doing, doingOf, merged, nearest, roundUp, SHOWN_MS, unbroken } from "./series";

const doing = (at: number, processor = 0): Doing => ({ at, processor, memory: 0, received: 0, sent: 0 });

describe("the last minutes of a machine", () => {
  it("are what is remembered and what came since, each moment once", () => {
    const all = merged([doing(1000), doing(3000, 0.3)], [doing(3000, 0.3), doing(2000), doing(5000)]);
    expect(all.map((one) => one.at)).toEqual([1000, 2000, 3000, 5000]);
  });

  it("are not longer than what is shown", () => {
    const all = merged([doing(0), doing(SHOWN_MS)], [doing(SHOWN_MS + 1)]);
    expect(all.map((one) => one.at)).toEqual([SHOWN_MS, SHOWN_MS + 1]);
    expect(
      merged(
        [],
        Array.from({ length: 5000 }, (_, n) => doing(n)),
      ).length,
    ).toBe(400);
    expect(merged([], [])).toEqual([]);
  });

  it("have holes where nothing was heard", () => {
    const points = [0, 30_000, 60_000, 300_000, 302_000].map((at) => ({ at, value: 1 }));
    expect(unbroken(points).map((line) => line.length)).toEqual([3, 2]);
    expect(unbroken([])).toEqual([]);
  });

  it("are read from what the server says", () => {
    const at = "2026-01-02T03:04:05.000Z";
    const point = { at, processor: 0.5, memory_used_bytes: 1, received_bytes_s: 2, sent_bytes_s: 3 };
    expect(doingOf(point)).toEqual({ at: Date.parse(at), processor: 0.5, memory: 1, received: 2, sent: 3 });
  });
});

it("an axis ends at a round number above all values", () => {
  expect([0, 900, 1000, 1001, 2100, 5100, 73_000].map((value) => roundUp(value, 1000))).toEqual([
    1000, 1000, 1000, 2000, 5000, 10_000, 100_000,
  ]);
});

it("the point under the finger is the nearest in time", () => {
  const points = [0, 10, 20].map((at) => ({ at, value: at }));
  expect(nearest(points, 14)?.at).toBe(10);
  expect(nearest(points, 99)?.at).toBe(20);
  expect(nearest([], 1)).toBeUndefined();
});
