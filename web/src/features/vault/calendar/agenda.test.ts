import { describe, expect, it } from "vitest";
import { byDay, datesOf, dayKey, monthOf, moved, weeksOf } from "./agenda";

const recipe = { length: 32, symbols: true, prefix: "" };
const secret = (name: string, rotate_at: string | null, expires_at: string | null, made = false) => ({
  id: `sec_${name}`,
  name,
  kind: "password" as const,
  rotate_at,
  expires_at,
  generate: made ? recipe : null,
});

describe("what falls due", () => {
  it("is told soonest first, each rotation and each end by itself", () => {
    const dates = datesOf([
      secret("b", "2026-05-02T00:00:00Z", "2026-04-01T00:00:00Z"),
      secret("a", "2026-05-01T00:00:00Z", null, true),
      secret("quiet", null, null),
    ]);
    expect(dates.map(({ secret, what, byItself }) => [secret.name, what, byItself])).toEqual([
      ["b", "ends", false],
      ["a", "rotates", true],
      ["b", "rotates", false],
    ]);
  });

  it("falls on the day of the person's time zone", () => {
    expect(dayKey("2026-03-07T22:30:00Z", "UTC")).toBe("2026-03-07");
    expect(dayKey("2026-03-07T22:30:00Z", "Asia/Riyadh")).toBe("2026-03-08");
    const days = byDay(datesOf([secret("a", "2026-03-07T22:30:00Z", "2026-03-08T01:00:00Z")]), "Asia/Riyadh");
    expect([...days.keys()]).toEqual(["2026-03-08"]);
    expect(days.get("2026-03-08")).toHaveLength(2);
  });
});

describe("a month", () => {
  it("goes over the end of the year both ways", () => {
    expect(moved(monthOf("2026-12-31"), 1)).toEqual({ year: 2027, month: 1 });
    expect(moved({ year: 2026, month: 1 }, -1)).toEqual({ year: 2025, month: 12 });
  });

  it("stands in whole weeks that begin on the day asked for", () => {
    const monday = weeksOf({ year: 2026, month: 2 }, 1);
    expect(monday[0]).toEqual([null, null, null, null, null, null, "2026-02-01"]);
    const sunday = weeksOf({ year: 2026, month: 2 }, 0);
    expect(sunday).toHaveLength(4);
    expect(sunday[0]?.[0]).toBe("2026-02-01");
    expect(sunday.flat().filter(Boolean)).toHaveLength(28);
  });

  it("knows a leap year", () => {
    expect(weeksOf({ year: 2028, month: 2 }, 1).flat()).toContain("2028-02-29");
  });
});
