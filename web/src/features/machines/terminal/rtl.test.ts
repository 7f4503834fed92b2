import { describe, expect, it } from "vitest";
import { cellsOf, runsIn } from "./rtl";

const found = (text: string) => runsIn(text).map(([from, to]) => text.slice(from, to));

describe("runs from right to left", () => {
  it("hold whole phrases, and end where other letters begin", () => {
    expect(found("echo 'مرحبا بكم في ديوان' # hello عالم.txt")).toEqual(["مرحبا بكم في ديوان", "عالم"]);
    expect(found("تقرير 2026، نهائي  ")).toEqual(["تقرير 2026، نهائي"]);
    expect(found("שלום עולם")).toEqual(["שלום עולם"]);
    expect(found("ls -la /home")).toEqual([]);
    expect(found("a م b")).toEqual([]);
  });

  it("take a cell for each letter, and none for marks and what joins", () => {
    expect([cellsOf("سلام"), cellsOf("سَلَامٌ"), cellsOf("می\u200cخواهم"), cellsOf("في ديوان")]).toEqual([4, 4, 7, 8]);
  });
});
