import { describe, expect, it } from "vitest";
import { jobs } from "@/app/search";
import type { JobQueue } from "../api";
import { filterOf, isFiltered, ofInterest, withPart } from "./filter";

describe("what is asked of the list of jobs", () => {
  it("is a part of the board, or one state of it", () => {
    expect(filterOf({})).toEqual({});
    expect(filterOf({ part: "under_way" })).toEqual({ phase: "under_way" });
    expect(filterOf({ part: "ended", state: "failed", queue: "build" })).toEqual({ state: "failed", queue: "build" });
  });

  it("keeps a state only within a part that has it", () => {
    expect(withPart({ state: "failed", part: "ended", search: "x" }, "waiting")).toEqual({
      part: "waiting",
      state: undefined,
      search: "x",
    });
    expect(withPart({ state: "failed" }, "ended")).toEqual({ part: "ended", state: "failed" });
    expect(withPart({ state: "failed", part: "ended" }, undefined).state).toBeUndefined();
  });

  it("is narrowed down by anything but a part", () => {
    expect(isFiltered({ part: "ended" })).toBe(false);
    expect(isFiltered({ label: "env=prod" })).toBe(true);
  });

  it("comes from an address from which what has no meaning is dropped", () => {
    expect(jobs({ part: "all", state: "odd", queue: 7, search: "x".repeat(300) })).toMatchObject({
      part: undefined,
      state: undefined,
      queue: "7",
      search: "x".repeat(200),
    });
  });
});

describe("the board of queues", () => {
  it("shows those with something open, paused or limited, and the usual one", () => {
    const empty = { waiting: 0, held: 0, under_way: 0, oldest_ready_at: null, limit: null };
    const idle: JobQueue = { ...empty, name: "build", paused_at: null, paused_by: null };
    expect(ofInterest(idle)).toBe(false);
    for (const part of [{ held: 1 }, { limit: 3 }, { paused_at: "2026-01-01T00:00:00Z" }, { name: "default" }]) {
      expect(ofInterest({ ...idle, ...part })).toBe(true);
    }
  });
});
