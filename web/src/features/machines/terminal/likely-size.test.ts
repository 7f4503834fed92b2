import { describe, expect, it } from "vitest";
import { likelySize } from "./likely-size";

describe("the size that a terminal will have", () => {
  it("fits the card on a wide screen, and the window on a phone", () => {
    expect(likelySize(953, { width: 1280, height: 860 })).toEqual({ columns: 118, rows: 22 });
    expect(likelySize(328, { width: 360, height: 740 })).toEqual({ columns: 42, rows: 27 });
  });

  it("is never too small to be one, nor larger than the server takes", () => {
    expect(likelySize(0, { width: 1280, height: 10 })).toEqual({ columns: 2, rows: 13 });
    expect(likelySize(90_000, { width: 90_000, height: 90_000 })).toEqual({ columns: 1000, rows: 1000 });
  });
});
