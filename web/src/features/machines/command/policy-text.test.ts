import { expect, it } from "vitest";
import { rootsOf } from "./policy-text";

it("the roots of a policy are found by their headings", () => {
  const policy =
    'version = 1\n[roots.projects]\npath = "/srv"\n [ roots . "my data" ]\n# [roots.no]\n[rootsx.y]\n[roots.projects]\n';
  expect(rootsOf(policy)).toEqual(["projects", "my data"]);
  expect(rootsOf(null)).toEqual([]);
});
