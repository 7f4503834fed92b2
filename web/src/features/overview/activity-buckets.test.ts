import { describe, expect, it } from "vitest";
import type { AuditEntry } from "@/api/types";
import { sortIntoBuckets, spanEnding } from "./activity-buckets";
import { anEntry } from "./an-entry";

const now = Date.parse("2026-11-20T14:20:00.000Z");
const day = spanEnding(now, 24, 1);
const amina = { kind: "user" as const, id: "usr_1", name: "Amina" };

function entry(at: string, part: Partial<AuditEntry> = {}): AuditEntry {
  return { ...anEntry, at, actor: amina, ...part };
}

describe("the activity chart", () => {
  it("ends with the hour that is running", () => {
    expect(day.count).toBe(24);
    expect(new Date(day.from).toISOString()).toBe("2026-11-19T15:00:00.000Z");
    expect(new Date(spanEnding(Date.parse("2026-11-20T14:00:00.000Z"), 24, 1).from).getUTCHours()).toBe(15);
  });

  it("counts what was done apart from what was refused or failed", () => {
    const entries = [
      entry("2026-11-20T14:19:59.999Z"),
      entry("2026-11-20T14:00:00.000Z", { outcome: "denied" }),
      entry("2026-11-20T13:59:59.999Z", { outcome: "failed" }),
    ];
    const { buckets, total, not_done } = sortIntoBuckets(entries, day, true);
    expect(buckets.at(-1)).toMatchObject({ done: 1, not_done: 1 });
    expect(buckets.at(-2)).toMatchObject({ done: 0, not_done: 1 });
    expect([total, not_done]).toEqual([3, 2]);
  });

  it("leaves out what lies before or after it", () => {
    const entries = [entry("2026-11-20T15:00:00.000Z"), entry("2026-11-19T14:59:59.999Z")];
    expect(sortIntoBuckets(entries, day, true).total).toBe(0);
  });

  it("says since when it counted when there was more than it read", () => {
    const entries = [entry("2026-11-20T14:10:00.000Z"), entry("2026-11-20T09:30:00.000Z")];
    const since = (complete: boolean) => new Date(sortIntoBuckets(entries, day, complete).counted_since).toISOString();
    expect(since(false)).toBe("2026-11-20T09:30:00.000Z");
    expect(since(true)).toBe("2026-11-19T15:00:00.000Z");
  });

  it("names whoever did most first, and nobody who has no name", () => {
    const robot = { kind: "token" as const, id: "tok_1", name: "ci" };
    const nobody = { kind: "anonymous" as const, id: null, name: "" };
    const at = "2026-11-20T12:00:00.000Z";
    const entries = [entry(at, { actor: robot }), entry(at), entry(at), entry(at, { actor: nobody })];
    const { actors } = sortIntoBuckets(entries, day, true);
    expect(actors.map(({ actor, count }) => [actor.name, count])).toEqual([
      ["Amina", 2],
      ["ci", 1],
    ]);
  });
});
