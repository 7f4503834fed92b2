import { describe, expect, it } from "vitest";
import type { AuditEntry } from "@/api/types";
import { anEntry } from "./an-entry";
import { foldRepeats, subjectOf } from "./recent";

let seq = 100;

function entry(part: Partial<AuditEntry> = {}): AuditEntry {
  seq -= 1;
  return { ...anEntry, seq, id: `aud_${seq}`, ...part };
}

describe("recent activity", () => {
  it("folds what one actor repeated, and shows the newest", () => {
    const entries = [entry(), entry(), entry({ action: "session.start" }), entry()];
    const folded = foldRepeats(entries);
    expect(folded.map(({ times }) => times)).toEqual([2, 1, 1]);
    expect(folded[0]?.entry).toBe(entries[0]);
  });

  it("keeps apart what differs in actor, outcome or subject", () => {
    const other = { kind: "user" as const, id: "usr_2", name: "Basim" };
    const entries = [
      entry(),
      entry({ actor: other }),
      entry({ actor: other, outcome: "denied" }),
      entry({ actor: other, outcome: "denied", metadata: { email: "guest@example.com" } }),
    ];
    expect(foldRepeats(entries)).toHaveLength(4);
  });

  it("names the subject where the entry carries one", () => {
    expect(subjectOf(entry({ metadata: { email: "guest@example.com", name: "x" } }))).toBe("guest@example.com");
    expect(subjectOf(entry({ resource: { kind: "operation", id: "list_settings" } }))).toBe("list_settings");
    expect(subjectOf(entry({ resource: { kind: "user", id: "usr_1" }, metadata: { name: 7 } }))).toBeNull();
  });
});
