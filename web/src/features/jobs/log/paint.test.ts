import { describe, expect, it } from "vitest";
import { NO_LOOK } from "@/features/machines/output/look";
import { paint } from "./paint";

const plain = (text: string) =>
  paint(text, NO_LOOK)
    .spans.map((span) => span.text)
    .join("");

describe("a line of a log", () => {
  it("keeps colours and weights, and tells how the next line begins", () => {
    const { spans, look } = paint("a\u001b[1;31mred\u001b[0mb\u001b[3m", NO_LOOK);
    expect(spans.map(({ text, look: { bold, ink } }) => [text, bold, ink !== null])).toEqual([
      ["a", false, false],
      ["red", true, true],
      ["b", false, false],
    ]);
    expect(look.italic).toBe(true);
  });

  it.each([
    ["moves of the cursor", "a\u001b[2Jb\u001b[10;10Hc"],
    ["the title of a window", "a\u001b]0;title\u0007bc"],
    ["the clipboard", "a\u001b]52;c;aGVsbG8=\u001b\\bc"],
    ["a link", "a\u001b]8;;https://evil.example\u001b\\b\u001b]8;;\u001b\\c"],
    ["keyboard modes", "a\u001b[?1049hb\u001b[>4;2mc"],
  ])("leaves out %s", (_, text) => {
    expect(plain(text)).toBe("abc");
  });

  it("shows what hides, and never reads markup", () => {
    expect(plain("a\u202eb\u200bc\u0001")).toBe("a\ufffdb\ufffdc\u2401");
    expect(plain("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
  });

  it("shows a sequence that has no end as what it is", () => {
    expect(plain("a\u001b]0;rest of the line")).toBe("a]0;rest of the line");
  });

  it("shows what was written last over what was there", () => {
    expect(plain("10%\r20%\r100%")).toBe("100%");
    expect(plain("abc\b\bd")).toBe("ad");
    expect(plain("done\r")).toBe("done");
  });

  it("counts cells, rather too many than too few", () => {
    expect(paint("abc", NO_LOOK).cells).toBe(3);
    expect(paint("\tx", NO_LOOK).cells).toBe(9);
    expect(paint("مهمة", NO_LOOK).cells).toBe(8);
    expect(paint("漢字", NO_LOOK).cells).toBe(4);
    expect(paint("\u001b[31mabc\u001b[0m", NO_LOOK).cells).toBe(3);
  });
});
