import { describe, expect, it } from "vitest";
import { readSecrets } from "./read";

const values = (text: string) => {
  const read = readSecrets(text);
  return "brought" in read ? read.brought.map(({ name, value }) => [name, value]) : read.fault;
};

describe("an environment file", () => {
  it.each([
    ["GITHUB_TOKEN=abc", "github-token", "abc"],
    ["export A_1 = b=c ", "a-1", "b=c"],
    ["A=b # a comment", "a", "b"],
    ["A=pa#ss", "a", "pa#ss"],
    ["A=#ss", "a", "#ss"],
    ["A= # nothing", "a", ""],
    ['A="b # c" # a comment', "a", "b # c"],
    ["A='b \"c\" \\n'", "a", 'b "c" \\n'],
    ['A="one\\ntwo \\"three\\" \\\\n"', "a", 'one\ntwo "three" \\n'],
    ['A="one\ntwo"', "a", "one\ntwo"],
    ['A=`it\'s "so"`', "a", 'it\'s "so"'],
    ['A="b"c', "a", '"b"c'],
    ["A=", "a", ""],
    ["db.password=x", "db.password", "x"],
    ["\uFEFFA=b\r\n", "a", "b"],
  ])("%j", (text, name, value) => {
    expect(values(text)).toEqual([[name, value]]);
  });

  it("has comments, blank lines and values over several lines", () => {
    expect(values('# one\n\n A=1\n\tB="x\ny" # two\nC=3')).toEqual([
      ["a", "1"],
      ["b", "x\ny"],
      ["c", "3"],
    ]);
  });

  it("is refused with the line at which it cannot be read", () => {
    expect(values("A=1\n\nnothing")).toEqual({ what: "no_assignment", line: 3 });
    expect(values('A="x\ny"\nB="z\n')).toEqual({ what: "no_end", line: 3 });
    expect(values("A=1\nA B=c")).toEqual({ what: "no_assignment", line: 2 });
    expect(values("A=1\n=c")).toEqual({ what: "no_name", line: 2 });
    expect(values("NAME\n=value")).toEqual({ what: "no_assignment", line: 1 });
    expect(values("# nothing")).toEqual({ what: "nothing" });
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
