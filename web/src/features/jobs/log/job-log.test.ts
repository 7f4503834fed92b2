import { beforeEach, describe, expect, it } from "vitest";
import { ProblemError, problemFrom } from "@/api/problem";
import type { Channel } from "@/features/machines/output/transcript";
import { JobLog, type Link, type LinkSink } from "./job-log";
import { MOST_LINES } from "./window";

const PART = 256 * 1024;
const stored: Record<Channel, Uint8Array> = { 1: new Uint8Array(), 2: new Uint8Array() };
let links: { sink: LinkSink; from: [number, number] | null; isLive: boolean }[];
let state: Link["state"];
let watchers: (() => void)[];
let reads: { channel: Channel; from: number; limit: number }[];

const lines = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `line ${from + at}\n`).join("");
const bytes = (text: string) => new TextEncoder().encode(text);
const texts = (log: JobLog) => log.lines().map(({ spans }) => spans.map(({ text }) => text).join(""));

function open(): JobLog {
  const log = new JobLog([stored[1].length, stored[2].length], {
    link: (_, sink, from): Link => {
      const link = { sink, from, isLive: false };
      links.push(link);
      return {
        state,
        start: () => {
          link.isLive = true;
        },
        stop: () => {
          link.isLive = false;
        },
        subscribe: (watcher) => {
          watchers.push(watcher);
          return () => {};
        },
      };
    },
    read: async (channel, from, limit) => {
      reads.push({ channel, from, limit });
      return { bytes: stored[channel].slice(from, from + Math.min(limit, PART)), length: stored[channel].length };
    },
  });
  log.start();
  return log;
}

/** What the server says of a channel, from a place on. */
function say(channel: Channel, from: number) {
  links.at(-1)?.sink.feed(channel, stored[channel].slice(from), from);
}

beforeEach(() => {
  [links, reads, watchers] = [[], [], []];
  state = "open";
  [stored[1], stored[2]] = [new Uint8Array(), new Uint8Array()];
});

describe("the log of an attempt", () => {
  it("shows both channels in the order in which they were heard, or one", () => {
    const log = open();
    log.feed(1, bytes("a\n"), 0);
    log.feed(2, bytes("b\n"), 0);
    log.feed(1, bytes("c\n"), 2);
    expect(texts(log)).toEqual(["a", "b", "c"]);
    log.show(2);
    expect(texts(log)).toEqual(["b"]);
    log.show(1);
    expect(texts(log)).toEqual(["a", "c"]);
  });

  it("keeps the line that was asked for when the end is in sight as well", async () => {
    stored[2] = bytes("an error\n");
    const log = open();
    say(2, 0);
    await log.jump(2, 0);
    log.toEnd();
    expect([log.isFollowing, log.target]).toEqual([true, { channel: 2, at: 0 }]);
    log.show(2);
    expect(log.target).toBe(null);
  });

  it("hands out lists that do not grow under whoever draws them", () => {
    for (const shown of ["both", 1] as const) {
      const log = open();
      log.show(shown);
      log.feed(1, bytes("a\n"), 0);
      const before = log.lines();
      log.feed(1, bytes("b\n"), 2);
      expect(before.length).toBe(1);
      expect(texts(log)).toEqual(["a", "b"]);
    }
  });

  it("fetches what came before, up to its beginning, and holds no more than its bounds", async () => {
    stored[1] = bytes(lines(100_000));
    const log = open();
    log.show(1);
    say(1, stored[1].length - PART);
    expect(log.hasEarlier).toBe(true);
    while (log.hasEarlier) {
      await log.earlier();
      expect(log.lines().length).toBeLessThanOrEqual(MOST_LINES);
    }
    expect(texts(log)[0]).toBe("line 0");
    expect(log.isFollowing).toBe(false);
    expect(links.at(-1)?.isLive).toBe(false);
  });

  it("is followed again from where it is once its end is reached", async () => {
    stored[1] = bytes(lines(60_000));
    const log = open();
    log.show(1);
    say(1, stored[1].length - PART);
    while (log.hasEarlier) await log.earlier();
    const before = links.length;
    while (log.hasLater) await log.later();
    expect(texts(log).at(-1)).toBe("line 59999");
    expect(links.length).toBe(before + 1);
    expect(links.at(-1)?.from).toEqual([stored[1].length, 0]);
    log.toEnd();
    expect(links.length).toBe(before + 1);
    links.at(-1)?.sink.feed(1, bytes("more\n"), stored[1].length);
    expect(texts(log).at(-1)).toBe("more");
  });

  it("jumps to a place and can be read on from there in both directions", async () => {
    stored[2] = bytes(lines(200_000));
    const log = open();
    const at = new TextDecoder().decode(stored[2]).indexOf("line 123456\n");
    await log.jump(2, at);
    const found = log.find(log.lines(), { channel: 2, at });
    expect(texts(log)[found]).toBe("line 123456");
    expect(log.isFollowing).toBe(false);
    const first = texts(log)[0];
    await log.earlier();
    expect(texts(log).indexOf(first ?? "")).toBeGreaterThan(0);
    await log.later();
    expect(texts(log)[log.find(log.lines(), { channel: 2, at })]).toBe("line 123456");
  });

  it("does not take another line for one that is still being fetched", async () => {
    stored[1] = bytes(lines(60_000));
    const log = open();
    await log.jump(1, 10);
    const far = log.jump(1, 400_000);
    expect(log.find(log.lines(), { channel: 1, at: 400_000 })).toBe(-1);
    await log.jump(1, 20);
    await far;
    expect(texts(log)[log.find(log.lines(), { channel: 1, at: 20 })]).toBe("line 2");
  });

  it("leaves whoever reads further up where they are, however much comes", () => {
    const log = open();
    log.feed(1, bytes(lines(100)), 0);
    log.pause();
    let at = log.lengths[0];
    for (let more = 0; more < 30; more += 1) {
      const part = bytes(lines(1000, more * 1000));
      log.feed(1, part, at);
      at += part.length;
    }
    expect(texts(log)[0]).toBe("line 0");
    expect(log.lines().length).toBeLessThanOrEqual(MOST_LINES + 1000);
    expect(links.at(-1)?.isLive).toBe(false);
    expect(log.lengths[0]).toBeGreaterThan(0);
    log.toEnd();
    expect(links.at(-1)?.isLive).toBe(true);
    expect(links.at(-1)?.from).toBeNull();
    log.feed(1, bytes("x\nend\n"), at);
    expect(texts(log)).toEqual(["end"]);
  });

  it("tells what could not be read and can be asked again", async () => {
    stored[1] = bytes(lines(60_000));
    const log = open();
    log.show(1);
    say(1, stored[1].length - PART);
    const whole = stored[1];
    stored[1] = new Uint8Array();
    Object.defineProperty(stored, 1, {
      get: () => {
        throw new Error("away");
      },
      configurable: true,
    });
    await log.earlier();
    expect(String(log.failed)).toContain("away");
    expect(log.busy).toBeNull();
    Object.defineProperty(stored, 1, { value: whole, writable: true, configurable: true });
    await log.earlier();
    expect(log.failed).toBeNull();
  });

  it("says why it is refused instead of trying for ever", async () => {
    state = "waiting";
    const gone = new ProblemError(problemFrom({ code: "output_deleted" }, 410));
    const log = new JobLog([10, 0], {
      link: (_, sink, from) => {
        links.push({ sink, from, isLive: true });
        return {
          state,
          start: () => {},
          stop: () => {
            links[0] = { sink, from, isLive: false };
          },
          subscribe: (watcher) => {
            watchers.push(watcher);
            return () => {};
          },
        };
      },
      read: async () => {
        throw gone;
      },
    });
    log.start();
    watchers[0]?.();
    await Promise.resolve();
    await Promise.resolve();
    expect(log.failed).toBe(gone);
    expect(links[0]?.isLive).toBe(false);
  });

  it("forgets what was asked for before something newer was", async () => {
    stored[1] = bytes(lines(60_000));
    const log = open();
    const first = log.jump(1, 400_000);
    const second = log.jump(1, 10);
    await Promise.all([first, second]);
    expect(texts(log)[0]).toBe("line 0");
  });
});
