import { beforeEach, describe, expect, it } from "vitest";
import { LiveClient, type LiveSocket, type LiveState } from "./client";

class FakeSocket {
  sent: unknown[] = [];
  closed = false;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  send(text: string) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.closed = true;
  }

  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

let sockets: FakeSocket[];
let timers: { run: () => void; ms: number }[];
let events: string[];
let gaps: number;
let states: LiveState[];
let ended: number;
let client: LiveClient;

const last = () => sockets.at(-1) as FakeSocket;
const hello = (epoch: string, seq: number) => last().say({ type: "hello", epoch, seq, heartbeat_s: 20 });
const event = (seq: number) => last().say({ type: "event", seq, topic: "users", name: `e${seq}`, data: null });
const drop = (code = 1006) => last().onclose?.({ code });

function fireNext(ms: (ms: number) => boolean) {
  const timer = timers.find((one) => ms(one.ms));
  timers = timers.filter((one) => one !== timer);
  timer?.run();
}
const reconnect = () => fireNext((ms) => ms <= 30_000);

beforeEach(() => {
  [sockets, timers, events, gaps, states, ended] = [[], [], [], 0, [], 0];
  const open = () => {
    sockets.push(new FakeSocket());
    return last() as unknown as LiveSocket;
  };
  const later = (run: () => void, ms: number) => {
    const timer = { run, ms };
    timers.push(timer);
    return () => {
      timers = timers.filter((one) => one !== timer);
    };
  };
  client = new LiveClient(
    ["users"],
    { open, later, random: () => 1 },
    {
      event: ({ name }) => events.push(name),
      gap: () => {
        gaps += 1;
      },
      state: (state) => states.push(state),
      sessionEnded: () => {
        ended += 1;
      },
    },
  );
  client.start();
});

describe("the live connection", () => {
  it("subscribes without a position the first time", () => {
    hello("a", 7);
    expect(last().sent).toEqual([{ type: "subscribe", topics: ["users"] }]);
  });

  it("resumes after a break from the last event it saw, and does not act on a repeated one", () => {
    hello("a", 7);
    event(8);
    drop();
    reconnect();
    hello("a", 9);
    expect(last().sent).toEqual([{ type: "subscribe", topics: ["users"], resume: { epoch: "a", seq: 8 } }]);
    event(8);
    event(9);
    expect(events).toEqual(["e8", "e9"]);
    expect(gaps).toBe(0);
  });

  it("fetches everything anew when the server started over", () => {
    hello("a", 7);
    drop();
    reconnect();
    hello("b", 0);
    expect(gaps).toBe(1);
    expect(last().sent).toEqual([{ type: "subscribe", topics: ["users"] }]);
    event(1);
    expect(events).toEqual(["e1"]);
  });

  it("fetches everything anew when the server says that it cannot replay", () => {
    hello("a", 7);
    last().say({ type: "gap" });
    expect(gaps).toBe(1);
  });

  it("answers a ping", () => {
    hello("a", 7);
    last().say({ type: "ping" });
    expect(last().sent.at(-1)).toEqual({ type: "pong" });
  });

  it("waits longer after each failure, up to half a minute", () => {
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      drop();
      pauses.push(timers.at(-1)?.ms ?? 0);
      reconnect();
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("takes two and a half silent heartbeats for a break", () => {
    hello("a", 7);
    fireNext((ms) => ms === 50_000);
    expect(states.at(-1)).toBe("waiting");
    expect(last().closed).toBe(true);
  });

  it("does not come back once the session ended", () => {
    hello("a", 7);
    drop(4401);
    expect(ended).toBe(1);
    expect(states.at(-1)).toBe("ended");
    expect(timers).toEqual([]);
  });

  it("opens nothing after it was stopped", () => {
    client.stop();
    client.retryNow();
    expect(sockets).toHaveLength(1);
  });
});
