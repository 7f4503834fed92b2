import { describe, expect, it } from "vitest";
import type { Artifact, Artifacts } from "../api";
import { artifactAddress, canBeHad, copiesOf, wordOf } from "./artifacts-of";

const file: Artifact = {
  path: "a b/ü.txt",
  size_bytes: 5,
  modified_at: "2026-01-02T03:04:05Z",
  sha256: "0".repeat(64),
};
const copied: Artifact = { ...file, copy: "cmd_1/a b/ü.txt" };

const found = (change: Partial<Artifacts>): Artifacts => ({
  state: "kept",
  attempt: 1,
  machine_id: "mch_1",
  machine_name: "web-1",
  is_machine_connected: true,
  copying: "off",
  copying_problem: null,
  files: [file],
  left_out: [],
  left_out_more: 0,
  ...change,
});

describe("the files of an attempt", () => {
  it("are had while their machine is there, and nothing is said then", () => {
    expect([wordOf(found({})), canBeHad(found({}), file)]).toEqual([null, true]);
    const away = found({ is_machine_connected: false });
    expect([wordOf(away), canBeHad(away, file)]).toEqual([{ key: "away", tone: "warn" }, false]);
  });

  it("are spoken of when there are none to be had", () => {
    expect(wordOf(found({ files: [] }))?.key).toBe("none");
    expect(wordOf(found({ state: "gone" }))?.key).toBe("gone");
    expect(wordOf(found({ state: "pending", files: [] }))?.key).toBe("pending");
    expect(wordOf(found({ state: "bridge_too_old", files: [] }))?.key).toBe("too_old");
    expect(wordOf(found({ state: "untold", files: [] }))?.key).toBe("untold");
    expect(wordOf(found({ state: "not_asked", files: [] }))).toBeNull();
    expect(canBeHad(found({ state: "gone" }), file)).toBe(false);
  });

  it("are had from the object storage when their machine does not give them", () => {
    const away = found({ is_machine_connected: false, copying: "done", files: [copied] });
    expect([wordOf(away), canBeHad(away, copied)]).toEqual([{ key: "away_copied", tone: "info" }, true]);
    expect(wordOf({ ...away, state: "gone" })).toEqual({ key: "gone_copied", tone: "info" });
    const half = found({ is_machine_connected: false, copying: "done", files: [copied, file] });
    expect([wordOf(half)?.key, canBeHad(half, copied), canBeHad(half, file)]).toEqual(["away", true, false]);
  });

  it("say which of them are copied", () => {
    expect(copiesOf(found({}))).toBeNull();
    expect(copiesOf(found({ copying: "waiting", files: [copied, file] }))).toEqual({ key: "under_way", done: 1 });
    expect(copiesOf(found({ copying: "done", files: [copied, file] }))).toEqual({ key: "some", done: 1 });
    expect(copiesOf(found({ copying: "done", files: [copied, copied] }))).toEqual({ key: "all", done: 2 });
  });

  it("are named in the address whatever they are called", () => {
    expect(artifactAddress("job_1", 2, "a b/ü&x=1.txt")).toMatch(
      /\/jobs\/job_1\/artifacts\/content\?attempt=2&path=a%20b%2F%C3%BC%26x%3D1\.txt$/,
    );
  });
});
