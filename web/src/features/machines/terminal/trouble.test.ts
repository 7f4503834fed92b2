import { describe, expect, it } from "vitest";
import { troubleOf } from "./trouble";

describe("what is said over a terminal", () => {
  it("is nothing while one can type", () => {
    expect(troubleOf("open", false, false)).toBeNull();
    expect(troubleOf("open", true, false)).toBeNull();
    expect(troubleOf("connecting", false, true)).toBeNull();
    expect(troubleOf("over", true, true)).toBeNull();
  });

  it("tells a lost connection from a machine that is away, and what was typed in vain from what was not", () => {
    expect(troubleOf("lost", false, true)).toBe("lost");
    expect(troubleOf("lost", true, false)).toBe("in_vain");
    expect(troubleOf("connecting", true, false)).toBe("in_vain");
    expect(troubleOf("open", false, true)).toBe("machine_away");
    expect(troubleOf("broken", true, true)).toBe("broken");
  });
});
