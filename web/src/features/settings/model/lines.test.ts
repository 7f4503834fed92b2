import { describe, expect, it } from "vitest";
import { diffLines, excerpt, toLines } from "./lines";

const marked = (old: unknown, fresh: unknown) =>
  excerpt(diffLines(toLines(old), toLines(fresh))).map(({ mark, text }) => `${mark[0]} ${text}`);

describe("the lines of a value", () => {
  it("stand as they would in the file", () => {
    const value = [{ id: "a", scopes: ["x", "y"], ca_file: null, on: true, more: { n: 1 }, none: [] }, "plain"];
    expect(toLines(value)).toEqual([
      "- id: a",
      "  scopes:",
      "    - x",
      "    - y",
      "  on: true",
      "  more:",
      "    n: 1",
      "  none: []",
      "- plain",
    ]);
    expect(toLines(null)).toEqual([]);
  });

  it("show what went, what came, and a little around it", () => {
    const before = { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 };
    expect(marked(before, { ...before, e: 7 })).toEqual(["g ⋯", "s c: 3", "s d: 4", "o e: 5", "n e: 7", "s f: 6"]);
    expect(marked([], ["x"])).toEqual(["n - x"]);
    expect(marked(["x", "y"], ["y"])).toEqual(["o - x", "s - y"]);
  });
});
