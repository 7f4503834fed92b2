import { describe, expect, it } from "vitest";
import { operationOf } from "./what";

describe("what an entry is about", () => {
  it("is the command that was run, where it is told", () => {
    expect(operationOf({ metadata: { operation: "git pull projects/api", batch: "bat_1" } })).toBe(
      "git pull projects/api",
    );
  });

  it("is nothing where there was no command", () => {
    expect([{}, { operation: "" }, { operation: 3 }].map((metadata) => operationOf({ metadata }))).toEqual([
      null,
      null,
      null,
    ]);
  });
});
