import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readSecrets } from "./read";

const values = (text: string) => {
  const read = readSecrets(text);
  return "brought" in read ? read.brought.map(({ name, value }) => [name, value]) : read.fault;
};

interface Case {
  text: string;
  secrets?: [string, string][];
  fault?: { what: string; line: number };
}

/** The command line is tried on these too. */
const table = new URL("../../../../../crates/diwan/src/cli/secret/environment_file.json", import.meta.url);
const cases = JSON.parse(readFileSync(table, "utf8")) as Case[];

describe("an environment file", () => {
  it.each(cases)("$text", ({ text, secrets, fault }) => {
    expect(values(text)).toEqual(fault ?? (secrets?.length === 0 ? { what: "nothing" } : secrets));
  });
});

describe("JSON", () => {
  it("names secrets by their path", () => {
    expect(values('{"git": {"token": "a", "deep": {"er": "b"}}, "API_KEY": "c", "x_y": "d"}')).toEqual([
      ["git/token", "a"],
      ["git/deep/er", "b"],
      ["api-key", "c"],
      ["x_y", "d"],
    ]);
  });

  it("may say what they are", () => {
    const one = { name: "a", value: "b", kind: "api_key" };
    expect(readSecrets('[{"name": "a", "value": "b", "kind": "api-key"}]')).toEqual({ brought: [one] });
    expect(readSecrets('{"a": {"value": "b", "kind": "api_key"}}')).toEqual({ brought: [one] });
  });

  it("is refused when it holds anything else", () => {
    expect(values("{")).toEqual({ what: "json" });
    for (const text of [
      '{"a": 1}',
      '["a"]',
      '[{"name": "a"}]',
      '{"a": {"value": "b", "kind": "pet"}}',
      '{"a": null}',
    ]) {
      expect(values(text), text).toEqual({ what: "shape" });
    }
    expect(values("{}")).toEqual({ what: "nothing" });
  });
});
