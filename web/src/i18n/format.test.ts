import { describe, expect, it } from "vitest";
import { makeFormat } from "./format";

const at = "2026-11-20T22:30:00.000Z";

describe("formats", () => {
  it("tell a moment in the person's own time zone", () => {
    expect(makeFormat("en", "Asia/Riyadh").day(at)).toContain("21");
    expect(makeFormat("en", "UTC").day(at)).toContain("20");
  });

  it("use western digits in Arabic too", () => {
    expect(makeFormat("ar", "UTC").number(1284)).toBe("1,284");
  });

  it("choose the unit that says most", () => {
    const now = new Date(at).getTime();
    const ago = (ms: number) => makeFormat("en", "UTC").ago(new Date(now - ms).toISOString(), now);
    expect(ago(5 * 60_000)).toBe("5 minutes ago");
    expect(ago(3 * 3_600_000)).toBe("3 hours ago");
    expect(ago(26 * 3_600_000)).toBe("yesterday");
  });

  it("write sizes in the largest fitting unit", () => {
    expect(makeFormat("en", "UTC").bytes(4_812_000)).toMatch(/^4\.8\sMB$/);
    expect(makeFormat("en", "UTC").bytes(0)).toMatch(/^0\s?byte$/);
  });
});
