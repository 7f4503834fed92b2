import { beforeEach, describe, expect, it } from "vitest";
import type { Command } from "@/api/types";
import { Follow, type FollowSocket, SHOWN_BYTES } from "./follow";
import { Transcript } from "./transcript";

class FakeSocket {
  closed = false;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  close() {
    this.closed = true;
  }

  say(channel: number, at: number, text: string | Uint8Array) {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const data = new ArrayBuffer(9 + bytes.length);
    const view = new DataView(data);
    view.setUint8(0, channel);
    view.setBigUint64(1, BigInt(at));
    new Uint8Array(data, 9).set(bytes);
    this.onmessage?.({ data });
  }

  tell(output_bytes: number, error_bytes: number) {
    this.onmessage?.({ data: JSON.stringify({ type: "state", command: { output_bytes, error_bytes } }) });
  }
}

let sockets: FakeSocket[];
let froms: [number, number][];
let timers: { run: () => void; ms: number }[];
let frames: (() => void)[];
let told: Command[];
let ended: number;

const last = () => sockets.at(-1) as FakeSocket;
const close = (code: number) => last().onclose?.({ code });
const reconnect = () => timers.shift()?.run();
const draw = () => frames.splice(0).forEach((run) => void run());

function follow(lengths: [number, number] = [0, 0], from: [number, number] | null = null): Follow<Transcript> {
  const one = new Follow(
    lengths,
    {
      open: (from) => {
        froms.push(from);
        sockets.push(new FakeSocket());
        return last() as unknown as FollowSocket;
      },
      later: (run, ms) => {
        timers.push({ run, ms });
        return () => {};
      },
      frame: (run) => {
        frames.push(run);
        return () => {};
      },
      random: () => 1,
    },
    { command: (command) => told.push(command), sessionEnded: () => (ended += 1) },
    new Transcript(),
    from,
  );
  one.start();
  return one;
}

const shown = ({ sink }: Follow<Transcript>) =>
  sink.blocks.flatMap(({ lines }) => lines.map((line) => line.spans.map(({ text }) => text).join("")));

beforeEach(() => {
  [sockets, froms, timers, frames, told, ended] = [[], [], [], [], [], 0];
});

describe("looking on while a command runs", () => {
  it("begins near the end of what is long, or where it is told to", () => {
    follow([3 * SHOWN_BYTES, 10]);
    follow([3 * SHOWN_BYTES, 10], [7, 3]);
    expect(froms).toEqual([
      [2 * SHOWN_BYTES, 0],
      [7, 3],
    ]);
  });

  it("shows both channels and how the command stands", () => {
    const one = follow();
    last().say(1, 0, "out\n");
    last().say(2, 0, "err\n");
    last().tell(4, 4);
    draw();
    expect(shown(one)).toEqual(["out", "err"]);
    expect([one.state, told.length]).toEqual(["open", 1]);
    close(1000);
    expect([one.state, timers.length]).toEqual(["over", 0]);
  });

  it("goes on from where it stopped, and shows nothing twice", () => {
    const one = follow();
    last().say(1, 0, "hello ");
    close(1006);
    expect(one.state).toBe("waiting");
    reconnect();
    expect(froms).toEqual([
      [0, 0],
      [6, 0],
    ]);
    last().say(1, 3, "lo world\n");
    last().say(1, 0, "hello");
    draw();
    expect(shown(one)).toEqual(["hello world"]);
  });

  it("waits longer after each failure, and at once where the server asks to come again", () => {
    follow();
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      close(1006);
      pauses.push(timers[0]?.ms ?? -1);
      reconnect();
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    close(1012);
    expect(timers[0]?.ms).toBe(0);
  });

  it("begins near the end of a long output", () => {
    const one = follow([10_000_000, 100]);
    expect(froms).toEqual([[10_000_000 - SHOWN_BYTES, 0]]);
    expect(one.omitted).toEqual([10_000_000 - SHOWN_BYTES, 0]);
  });

  it("passes over what comes faster than it can be shown", () => {
    const one = follow();
    const piece = new Uint8Array(64 * 1024).fill(10);
    for (let n = 0; n < 100; n += 1) last().say(1, n * piece.length, piece);
    draw();
    expect(one.omitted[0]).toBe(96 * 64 * 1024);
    last().tell(100_000_000, 0);
    close(1013);
    reconnect();
    expect(froms.at(-1)).toEqual([100_000_000 - SHOWN_BYTES, 0]);
  });

  it("counts what the server left out", () => {
    const one = follow();
    last().say(1, 0, "a\n");
    last().say(1, 50, "b\n");
    draw();
    expect([shown(one), one.omitted]).toEqual([
      ["a", "b"],
      [48, 0],
    ]);
  });

  it("ends with the session, and where the output cannot be read", () => {
    const one = follow();
    close(4401);
    expect([one.state, ended, timers.length]).toEqual(["broken", 1, 0]);
    const other = follow();
    close(1011);
    expect([other.state, timers.length]).toEqual(["broken", 0]);
  });

  it("opens nothing after it was stopped", () => {
    const one = follow();
    one.stop();
    expect([last().closed, timers.length]).toEqual([true, 0]);
  });
});
