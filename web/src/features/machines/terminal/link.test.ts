import { beforeEach, describe, expect, it } from "vitest";
import type { Command } from "@/api/types";
import { type LinkSocket, TerminalLink } from "./link";

class FakeSocket {
  closed = false;
  sent: (string | Uint8Array)[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  send(message: string | Uint8Array) {
    this.sent.push(message);
  }

  close() {
    this.closed = true;
  }

  say(at: number, text: string | Uint8Array) {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const data = new ArrayBuffer(9 + bytes.length);
    new DataView(data).setUint8(0, 1);
    new DataView(data).setBigUint64(1, BigInt(at));
    new Uint8Array(data, 9).set(bytes);
    this.onmessage?.({ data });
  }

  tell() {
    this.onmessage?.({ data: JSON.stringify({ type: "state", command: {} }) });
  }
}

let sockets: FakeSocket[];
let froms: (number | null)[];
let timers: { run: () => void; ms: number; stopped: boolean }[];
let heard: string[];
let told: Command[];
let ended: number;

const last = () => sockets.at(-1) as FakeSocket;
const close = (code: number) => last().onclose?.({ code });
const SETTLED_MS = 400;
const pending = () => timers.filter((timer) => !timer.stopped && timer.ms !== SETTLED_MS);
const settle = () => timers.filter(({ ms, stopped }) => ms === SETTLED_MS && !stopped).forEach(({ run }) => void run());
const fire = () => {
  const timer = pending()[0];
  if (!timer) throw new Error("nothing is waited for");
  timer.stopped = true;
  timer.run();
};
const said = () => last().sent.filter((one) => typeof one === "string");
const typed = () =>
  last().sent.flatMap((one) => {
    if (typeof one === "string") return [];
    expect([...one.subarray(0, 8)]).toEqual(Array(8).fill(255));
    return [one.subarray(8)];
  });

function link(isNew = false): TerminalLink {
  const one = new TerminalLink(
    isNew,
    {
      open: (from) => {
        froms.push(from);
        sockets.push(new FakeSocket());
        return last() as unknown as LinkSocket;
      },
      later: (run, ms) => {
        const timer = { run, ms, stopped: false };
        timers.push(timer);
        return () => {
          timer.stopped = true;
        };
      },
      random: () => 1,
    },
    {
      output: (bytes, isOld) => heard.push(`${isOld ? "old " : ""}${new TextDecoder().decode(bytes)}`),
      skipped: () => heard.push("skipped"),
      command: (command) => told.push(command),
      refused: (code) => heard.push(`refused ${code}`),
      sessionEnded: () => {
        ended += 1;
      },
    },
  );
  one.start();
  return one;
}

beforeEach(() => {
  [sockets, froms, timers, heard, told, ended] = [[], [], [], [], [], 0];
});

describe("the connection to a terminal", () => {
  it("asks for the end of what was said, and tells old from new", () => {
    const one = link();
    expect([froms, one.state]).toEqual([[null], "connecting"]);
    last().tell();
    expect(one.state).toBe("open");
    const whole = "x".repeat(64 * 1024);
    last().say(2000, whole);
    last().say(2000 + whole.length, "$ ls\n");
    last().say(2005 + whole.length, "src\n");
    expect(heard).toEqual([`old ${whole}`, "old $ ls\n", "src\n"]);
    expect(told).toHaveLength(1);
  });

  it("takes all for news that a terminal says which was opened here", () => {
    link(true);
    last().tell();
    last().say(0, "$ ");
    expect([froms, heard]).toEqual([[0], ["$ "]]);
    close(1006);
    fire();
    last().tell();
    last().say(2, "src\n");
    expect([froms.at(-1), heard.at(-1)]).toEqual([2, "old src\n"]);
  });

  it("takes for news what comes once it was quiet for a moment", () => {
    link();
    last().tell();
    settle();
    last().say(0, "a question");
    expect(heard).toEqual(["a question"]);
  });

  it("goes on at its place after a break, and says nothing twice", () => {
    const one = link();
    last().tell();
    last().say(0, "$ ");
    last().say(2, "hello ");
    close(1006);
    expect(one.state).toBe("lost");
    fire();
    expect(froms).toEqual([null, 8]);
    last().tell();
    settle();
    last().say(5, "lo world");
    last().say(2, "hello");
    expect(heard).toEqual(["old $ ", "hello ", "world"]);
  });

  it("has the screen drawn anew where something is missing in between", () => {
    const one = link();
    one.resize({ columns: 80, rows: 24 });
    last().tell();
    last().say(0, "a");
    last().say(50, "b");
    expect(heard).toEqual(["old a", "skipped", "b"]);
    expect(said().map((text) => JSON.parse(text).rows)).toEqual([24, 23, 24]);
  });

  it("refuses what is typed without a connection, and does not keep it", () => {
    const one = link();
    expect(one.type("rm")).toBe(false);
    last().tell();
    expect(one.type("ls\r")).toBe(true);
    expect(typed().map((bytes) => new TextDecoder().decode(bytes))).toEqual(["ls\r"]);
    last().say(0, "ls");
    close(1006);
    expect(one.type("rm -rf /\r")).toBe(false);
    fire();
    last().tell();
    expect(typed()).toEqual([]);
  });

  it("cuts what is long into pieces that the server takes", () => {
    const one = link();
    last().tell();
    one.type("س".repeat(40_000));
    const pieces = typed();
    expect(pieces.map((piece) => piece.length)).toEqual([32_768, 32_768, 14_464]);
    const whole = new Uint8Array(pieces.flatMap((piece) => [...piece]));
    expect(new TextDecoder().decode(whole)).toBe("س".repeat(40_000));
  });

  it("tells its size once it is connected, anew after a break, and never the same twice", () => {
    const one = link();
    one.resize({ columns: 80, rows: 24 });
    expect(last().sent).toEqual([]);
    last().tell();
    one.resize({ columns: 80, rows: 24 });
    one.resize({ columns: 100, rows: 30 });
    const sizes = () => said().map((text) => JSON.parse(text).columns);
    expect(sizes()).toEqual([80, 100]);
    close(1006);
    one.resize({ columns: 90, rows: 30 });
    fire();
    last().tell();
    expect(sizes()).toEqual([90]);
  });

  it("waits longer after each failure, and not at all where the server or the network asks for it", () => {
    const one = link();
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      close(1006);
      pauses.push(pending()[0]?.ms ?? -1);
      fire();
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    close(1012);
    expect(pending()[0]?.ms).toBe(0);
    one.retryNow();
    expect([pending().length, one.state]).toEqual([0, "connecting"]);
    one.networkGone();
    expect(one.state).toBe("lost");
  });

  it("notices a connection that is dead without saying so, once something was typed", () => {
    const one = link();
    last().tell();
    one.type("a");
    one.type("b");
    expect(pending()).toHaveLength(1);
    last().say(0, "ab");
    expect(pending()).toHaveLength(0);
    one.type("c");
    fire();
    expect([one.state, last().closed]).toEqual(["lost", true]);
  });

  it("begins anew near the end when more comes than can be shown", () => {
    const one = link();
    last().tell();
    const piece = new Uint8Array(1024 * 1024).fill(97);
    for (let n = 0; n < 9; n += 1) last().say(n * piece.length, piece);
    expect([last().closed, sockets.length]).toEqual([true, 1]);
    one.retryNow();
    one.read(8 * piece.length);
    expect(sockets).toHaveLength(1);
    one.read(piece.length);
    expect(froms).toEqual([null, null]);
    last().tell();
    last().say(499 * piece.length, "the end");
    expect(heard.slice(-2)).toEqual(["skipped", "old the end"]);
  });

  it("tells what was refused", () => {
    link();
    last().onmessage?.({ data: JSON.stringify({ type: "refused", code: "view_only", detail: "" }) });
    expect(heard).toEqual(["refused view_only"]);
  });

  it("ends with the terminal, with the session, and where nothing more can be had", () => {
    const states = [1000, 1008, 1011, 4401].map((code) => {
      const one = link();
      close(code);
      return one.state;
    });
    expect([states, ended, pending().length]).toEqual([["over", "broken", "broken", "broken"], 1, 0]);
  });

  it("opens nothing after it was stopped", () => {
    const one = link();
    one.stop();
    one.retryNow();
    expect([last().closed, sockets.length, pending().length]).toEqual([true, 1, 0]);
  });
});
