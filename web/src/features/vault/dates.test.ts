import { describe, expect, it } from "vitest";
import { dayOf, endOfDay } from "./dates";

describe("the day on which something ends", () => {
  it("lasts until its last second, and is the same day when it is shown again", () => {
    const end = endOfDay("2026-03-07");
    expect(end).not.toBeNull();
    expect(dayOf(end)).toBe("2026-03-07");
    expect(new Date(end ?? 0).getSeconds()).toBe(59);
  });

  it("is none when nothing, or nonsense, is typed", () => {
    expect(endOfDay("")).toBeNull();
    expect(endOfDay("2026-13-99")).toBeNull();
    expect(dayOf(null)).toBe("");
  });
});
