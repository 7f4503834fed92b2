import { beforeEach, describe, expect, it } from "vitest";
import { type Cast, readCast } from "./cast";
import { Replay } from "./replay";

const file = [
  JSON.stringify({ version: 2, width: 80, height: 24 }),
  JSON.stringify([0.5, "o", "$ "]),
  JSON.stringify([1, "o", "ls\r\n"]),
  JSON.stringify([1.5, "r", "100x30"]),
  JSON.stringify([31, "o", "src\r\n"]),
].join("\n");

let shown: string[];
let frames: ((now: number) => void)[];

function replay(cast = readCast(file) as Cast): Replay {
  const screen = {
    reset: ({ columns }: { columns: number }) => shown.push(`reset ${columns}`),
    write: (text: string) => shown.push(text),
    resize: ({ columns }: { columns: number }) => shown.push(`resize ${columns}`),
  };
  return new Replay(cast, screen, (run) => {
    frames.push(run);
    return () => {
      frames = frames.filter((one) => one !== run);
    };
  });
}

const tick = (now: number) => frames.splice(0).forEach((run) => void run(now));

beforeEach(() => {
  [shown, frames] = [[], []];
});

describe("a recording", () => {
  it("is read with its size and its moments", () => {
    const cast = readCast(file);
    expect(cast).toMatchObject({ size: { columns: 80, rows: 24 }, duration: 31, isCut: false });
    expect(cast?.events).toHaveLength(4);
  });

  it("leaves out what it does not know, a line that is not whole, and time that runs backwards", () => {
    const odd = [
      JSON.stringify({ version: 2, width: 0, height: 99_999 }),
      JSON.stringify([2, "o", "a"]),
      JSON.stringify([1, "o", "b"]),
      JSON.stringify([3, "i", "secret"]),
      JSON.stringify([3, "r", "0x7"]),
      '{"x":1}',
      "[4,",
    ].join("\n");
    expect(readCast(odd)).toMatchObject({
      size: { columns: 80, rows: 24 },
      events: [
        { at: 2, text: "a" },
        { at: 2, text: "b" },
      ],
    });
  });

  it("says where it was cut, and whether something in between is missing", () => {
    const marked = (...marks: string[]) => readCast([file, ...marks].join("\n"));
    const [cut, said] = [JSON.stringify([40, "m", "cut"]), JSON.stringify([41, "o", "more"])];
    expect(marked()).toMatchObject({ isCut: false, hasGaps: false });
    expect(marked(cut, "")).toMatchObject({ isCut: true, hasGaps: false });
    expect(marked(cut, said)).toMatchObject({ isCut: false, hasGaps: true, duration: 41 });
    expect(marked(cut, said, cut)).toMatchObject({ isCut: true, hasGaps: true });
  });

  it("is none without its first line", () => {
    for (const bad of ["", "hello", "[]", '{"version":1}', "null"]) expect(readCast(bad), bad).toBeNull();
  });
});

describe("playing it", () => {
  it("shows each thing at its moment, as fast as one wants", () => {
    const one = replay();
    one.set({ skipsPauses: false });
    one.play();
    tick(10_000);
    tick(10_600);
    expect(shown).toEqual(["reset 80", "$ "]);
    one.set({ speed: 2 });
    tick(11_000);
    expect(one.at).toBeCloseTo(1.4);
    expect(shown.at(-1)).toBe("ls\r\n");
    one.pause();
    expect(frames).toHaveLength(0);
  });

  it("passes long pauses over", () => {
    const one = replay();
    one.seek(1.4);
    one.play();
    tick(0);
    tick(200);
    tick(300);
    expect(one.at).toBeCloseTo(29);
    tick(2400);
    expect([shown.at(-1), one.isPlaying, one.isAtEnd]).toEqual(["src\r\n", false, true]);
  });

  it("goes forwards by what is in between, and backwards from the beginning", () => {
    const one = replay();
    one.seek(31);
    expect(shown).toEqual(["reset 80", "$ ls\r\n", "resize 100", "src\r\n"]);
    shown = [];
    one.seek(0.7);
    expect(shown).toEqual(["reset 80", "$ "]);
    one.seek(99);
    one.play();
    expect([one.at, one.isPlaying]).toEqual([0, true]);
  });
});
