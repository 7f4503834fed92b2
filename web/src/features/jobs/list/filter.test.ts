import { describe, expect, it } from "vitest";
import { jobs } from "@/app/search";
import { filterOf, isFiltered, withPart } from "./filter";

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
