import { describe, expect, it } from "vitest";
import { NO_LOOK } from "@/features/machines/output/look";
import { marked } from "./highlight";
import { lineAt, lineOf, rowsOf } from "./rows";
import type { LogLine } from "./window";

const line = (cells: number, order = 0): LogLine => ({ channel: 1, at: 0, order, spans: [], cells, before: NO_LOOK });

describe("the rows that lines fill", () => {
  const rows = rowsOf([line(0), line(80), line(81), line(240), line(5)], 80);

  it("are as many as are needed, and one for an empty line", () => {
    expect([...rows]).toEqual([0, 1, 2, 4, 7, 8]);
    expect([...rowsOf([line(500)], Number.POSITIVE_INFINITY)]).toEqual([0, 1]);
  });

  it("lead back to their line", () => {
    expect([-5, 0, 1, 2, 3, 4, 6, 7, 99].map((row) => lineAt(rows, row))).toEqual([0, 0, 1, 2, 2, 3, 3, 4, 4]);
    expect(lineAt(rowsOf([], 80), 3)).toBe(0);
  });
});

it("a line is found by its turn, or the next one is when it has gone", () => {
  const lines = [line(1, -4), line(1, 0), line(1, 7)];
  expect([-9, -4, -1, 0, 3, 7, 8].map((order) => lineOf(lines, order))).toEqual([0, 0, 1, 1, 2, 2, 3]);
});

describe("what is searched for", () => {
  const red = { ...NO_LOOK, ink: "#ff0000" };
  const spans = [
    { text: "an Err", look: red },
    { text: "or, another error", look: NO_LOOK },
  ];

  it("is marked wherever it stands, also across two looks", () => {
    expect(marked(spans, "error").map(({ text, isFound, look }) => [text, isFound, look === red])).toEqual([
      ["an ", false, true],
      ["Err", true, true],
      ["or", true, false],
      [", another ", false, false],
      ["error", true, false],
    ]);
  });

  it("is marked where it is behind letters that are longer when they are small", () => {
    const found = marked([{ text: "İİ Error", look: NO_LOOK }], "error");
    expect(found.map(({ text, isFound }) => [text, isFound])).toEqual([
      ["İİ ", false],
      ["Error", true],
    ]);
  });

  it("leaves the line as it is when it is not there", () => {
    expect(marked(spans, "warning").map(({ text }) => text)).toEqual(["an Err", "or, another error"]);
    expect(marked(spans, "").some(({ isFound }) => isFound)).toBe(false);
  });
});
