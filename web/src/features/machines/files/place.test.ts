import { describe, expect, it } from "vitest";
import { below, modeText, tidyPath, wayTo } from "./place";

describe("a place on a machine", () => {
  it("leads down step by step", () => {
    expect(wayTo({ root: "projects", path: "api/src" }).map(({ name, place }) => [name, place.path])).toEqual([
      ["projects", ""],
      ["api", "api"],
      ["src", "api/src"],
    ]);
    expect(below({ root: "projects", path: "" }, "a b")).toEqual({ root: "projects", path: "a b" });
    expect(below({ root: "projects", path: "api" }, "src")).toEqual({ root: "projects", path: "api/src" });
  });

  it("never leads upwards", () => {
    expect(["../../etc", "/etc//passwd", "./a/./b/", "a/../b", ""].map(tidyPath)).toEqual([
      "etc",
      "etc/passwd",
      "a/b",
      "a/b",
      "",
    ]);
  });

  it("says who may do what, as ls does", () => {
    expect(["0755", "640", "100644", "", "x"].map(modeText)).toEqual([
      "rwxr-xr-x",
      "rw-r-----",
      "rw-r--r--",
      "---------",
      "---------",
    ]);
  });
});
