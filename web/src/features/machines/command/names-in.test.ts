import { expect, it } from "vitest";
import { namesIn } from "./names-in";

it("finds what a sentence names", () => {
  expect(namesIn("no program of the policy is called `rm`")).toEqual(["rm"]);
  expect(namesIn("`a b` is a link to `c`")).toEqual(["a b", "c"]);
  expect(namesIn("the rule denies it")).toEqual([]);
});
