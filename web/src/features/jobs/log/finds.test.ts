import { expect, it } from "vitest";
import { stepped } from "./finds";

it("behind the last find comes the first, once it is known which is the last", () => {
  expect([stepped(0, -1, 3, false), stepped(2, 1, 3, false), stepped(1, 1, 3, false)]).toEqual([2, 0, 2]);
  expect([stepped(0, -1, 3, true), stepped(2, 1, 3, true), stepped(1, 1, 3, true)]).toEqual([0, 2, 2]);
});
