import { describe, expect, it } from "vitest";
import { channels, contrast, drawn, lookAfter, NO_LOOK, PAPER } from "./look";
import { type Channel, Transcript } from "./transcript";

function said(...pieces: [Channel, string][]): Transcript {
  const transcript = new Transcript();
  for (const [channel, text] of pieces) transcript.feed(channel, new TextEncoder().encode(text));
  return transcript;
}
const linesOf = (transcript: Transcript) => transcript.blocks.flatMap((block) => block.lines);
const texts = (transcript: Transcript) =>
  linesOf(transcript).map((line) => line.spans.map((span) => span.text).join(""));

describe("what a program said", () => {
  it("is kept line by line, and each channel apart", () => {
    const transcript = said([1, "half"], [2, "trouble\n"], [1, " a line\n\nend"]);
    expect(texts(transcript)).toEqual(["half a line", "trouble", "", "end"]);
    expect(linesOf(transcript).map((line) => line.channel)).toEqual([1, 2, 1, 1]);
  });

  it("may come in pieces that cut a letter or a sequence in two", () => {
    const bytes = new TextEncoder().encode("سلام \u001b[31mred\u001b[0m\n");
    const transcript = new Transcript();
    for (const byte of bytes) transcript.feed(1, Uint8Array.of(byte));
    expect(texts(transcript)).toEqual(["سلام red"]);
    expect(linesOf(transcript)[0]?.spans.map((span) => span.look.ink !== null)).toEqual([false, true]);
  });

  it("that draws a progress bar leaves its last state", () => {
    expect(texts(said([1, "10 %\r50 %\r100 %\r\ndone\n"]))).toEqual(["100 %", "done"]);
    expect(texts(said([1, "long line\r\u001b[Kshort\n"]))).toEqual(["short"]);
    expect(texts(said([1, "12\b3\n"]))).toEqual(["13"]);
  });

  it.each([
    ["\u001b]52;c;aGk=\u0007x", "x"],
    ["\u001b]0;title\u001b\\x", "x"],
    ["\u001b[2J\u001b[1;1Hx", "x"],
    ["\u001bP1$r0m\u001b\\x", "x"],
    ["\u001b(Bx", "x"],
    ["\u001bcx", "x"],
    ["a\u202eb\u200fc", "a\ufffdb\ufffdc"],
    ["a\u0001\u007fb", "a\u2401\u2421b"],
    ["a\u0085b", "a\ufffdb"],
  ])("f90 plays no tricks: %j", (text, shown) => {
    expect(texts(said([1, text]))).toEqual([shown]);
  });

  it("f90 a sequence without an end swallows nothing for ever", () => {
    const shown = texts(said([1, `\u001b]0;${"x".repeat(9000)}\nafter\n`]));
    expect(shown.at(-1)).toBe("after");
  });

  it("is kept as far as it can be shown", () => {
    const transcript = said([1, "a\n".repeat(7000)], [1, "x".repeat(9000)]);
    expect(linesOf(transcript).length).toBeLessThanOrEqual(5000);
    expect(transcript.dropped).toBeGreaterThanOrEqual(2000);
    expect(
      texts(transcript)
        .slice(-3)
        .map((text) => text.length),
    ).toEqual([4000, 4000, 1000]);
  });

  it("goes on after a part that is missing", () => {
    const transcript = said([1, "\u001b[31mhalf"]);
    transcript.skip(1);
    transcript.feed(1, new TextEncoder().encode("new\n"));
    expect(texts(transcript)).toEqual(["half", "new"]);
    expect(linesOf(transcript)[1]?.spans[0]?.look).toBe(NO_LOOK);
  });
});

describe("a colour", () => {
  it("is named by number, of sixteen, of 256 and of all", () => {
    expect(lookAfter(NO_LOOK, "1;31").bold).toBe(true);
    expect(lookAfter(NO_LOOK, "38;5;196").ink).toBe("#ff0000");
    expect(lookAfter(NO_LOOK, "48;2;1;2;3").behind).toBe("#010203");
    expect(lookAfter(lookAfter(NO_LOOK, "31;4"), "")).toEqual(NO_LOOK);
    expect(lookAfter(NO_LOOK, "38;5;999").ink).toBeNull();
    expect(lookAfter(NO_LOOK, "999;nonsense")).toEqual(NO_LOOK);
  });

  it("can always be read", () => {
    for (const ink of ["30", "34", "38;5;16", "38;5;17", "38;2;20;20;20", "97"]) {
      for (const behind of ["", ";40", ";41", ";47", ";107", ";48;5;226", ";7"]) {
        const { color, background } = drawn(lookAfter(NO_LOOK, ink + behind));
        const seen = contrast(channels(color ?? ""), channels(background ?? PAPER));
        expect(seen, `${ink}${behind}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });
});
