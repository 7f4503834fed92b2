import { expect, it } from "vitest";
import { linesOf } from "./lines";

it("a line goes through its values and has a hole where nothing is known", () => {
  expect(linesOf([0, 50, null, 100, null], 100, 100, 104)).toEqual(["M10 104L30 54", "M70 4h6.7"]);
  expect(linesOf([], 100, 100, 104)).toEqual([]);
});

it("a value above the upper edge stays within the drawing", () => {
  expect(linesOf([500, 0], 100, 100, 104)).toEqual(["M25 4L75 104"]);
});
