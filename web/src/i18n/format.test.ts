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

  it("name the month and count 24 hours in both languages", () => {
    expect(makeFormat("en", "UTC").moment(at)).toBe("20 Nov 2026, 22:30");
    expect(makeFormat("en", "UTC").second("2026-11-20T22:30:07.000Z")).toBe("20 Nov 2026, 22:30:07");
    expect(makeFormat("ar", "UTC").moment(at)).toMatch(/^20 نوفمبر 2026.* 22:30$/);
    expect(makeFormat("ar", "Asia/Riyadh").time(Date.parse(at))).toBe("01:30");
  });

  it("tell how long something took in the unit that fits", () => {
    const { took } = makeFormat("en", "UTC");
    expect([took(0), took(612), took(57_751), took(150_000)]).toEqual(["0 ms", "612 ms", "57.8 secs", "2.5 mins"]);
  });

  it("tell a length of time whole, as it was written", () => {
    const { span } = makeFormat("en", "UTC");
    expect([0, 50, 1500, 1250, 60_000, 90_000].map(span)).toEqual([
      "0 milliseconds",
      "50 milliseconds",
      "1.5 seconds",
      "1.25 seconds",
      "1 minute",
      "90 seconds",
    ]);
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
    const { bytes, rate } = makeFormat("en", "UTC");
    expect([0, 1, 455, 5000].map(bytes)).toEqual(["0 bytes", "1 byte", "455 bytes", "5 kB"]);
    expect([0, 455, 5_000_000].map(rate)).toEqual(["0 kB/s", "0.5 kB/s", "5 MB/s"]);
  });
});
