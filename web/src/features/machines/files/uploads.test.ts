import { beforeEach, describe, expect, it } from "vitest";
import { ProblemError, problemFrom } from "@/api/problem";
import type { Place } from "./place";
import { mayRetry, Uploads } from "./uploads";

interface Sent {
  to: Place;
  overwrite: boolean;
  tell: (bytes: number) => void;
  end: (end: "stored" | "taken") => Promise<void>;
  fail: (error: unknown) => Promise<void>;
}

let sent: Sent[];
let stored: string[];

/** Everything that was promised by now has happened after a turn of the loop. */
const turn = () => new Promise<void>((done) => setImmediate(done));

function uploads() {
  return new Uploads(
    (to, _, overwrite, tell) => {
      let [end, fail] = [(_end: "stored" | "taken") => {}, (_error: unknown) => {}];
      const done = new Promise<"stored" | "taken">((resolve, reject) => {
        [end, fail] = [resolve, reject];
      });
      sent.push({
        to,
        overwrite,
        tell,
        end: (how) => {
          end(how);
          return turn();
        },
        fail: (error) => {
          fail(error);
          return turn();
        },
      });
      return { done, abort: () => fail(new DOMException("it was stopped", "AbortError")) };
    },
    ({ path }) => stored.push(path),
  );
}

const here = { root: "projects", path: "api" };
const files = (...names: string[]) => names.map((name) => new File(["12345"], name));
const states = ({ items }: Uploads) => items.map(({ state }) => state);

beforeEach(() => {
  [sent, stored] = [[], []];
});

describe("files on their way", () => {
  it("go two at a time, and tell how far they are", async () => {
    const some = uploads();
    some.add(here, files("a", "b", "c"));
    expect(states(some)).toEqual(["sending", "sending", "waiting"]);
    sent[0]?.tell(3);
    expect(some.items[0]).toMatchObject({ sent: 3, size: 5, to: { path: "api/a" } });
    await sent[0]?.end("stored");
    expect(states(some)).toEqual(["stored", "sending", "sending"]);
    expect([stored, some.isBusy]).toEqual([["api/a"], true]);
    await sent[1]?.end("stored");
    await sent[2]?.end("stored");
    expect([states(some), some.isBusy]).toEqual([["stored", "stored", "stored"], false]);
    some.clear();
    expect(some.items).toEqual([]);
  });

  it("ask before they replace what is there", async () => {
    const some = uploads();
    some.add(here, files("a"));
    expect(sent[0]?.overwrite).toBe(false);
    await sent[0]?.end("taken");
    expect([states(some), stored]).toEqual([["taken"], []]);
    some.replace(1);
    expect([states(some), sent[1]?.overwrite]).toEqual([["sending"], true]);
    await sent[1]?.end("stored");
    expect(stored).toEqual(["api/a"]);
    some.replace(1);
    expect(sent).toHaveLength(2);
  });

  it("are kept as they are when one says no to replacing", async () => {
    const some = uploads();
    some.add(here, files("a"));
    await sent[0]?.end("taken");
    some.stop(1);
    expect([states(some), sent.length]).toEqual([["stopped"], 1]);
  });

  it("stop when they are told to, under way or before, and make room for others", async () => {
    const some = uploads();
    some.add(here, files("a", "b", "c", "d"));
    some.stop(4);
    some.stop(1);
    await turn();
    expect(states(some)).toEqual(["stopped", "sending", "sending", "stopped"]);
    some.retry(1);
    expect(states(some)[0]).toBe("waiting");
  });

  it("say what went wrong, and can be tried again", async () => {
    const some = uploads();
    some.add(here, files("a"));
    await sent[0]?.fail(new ProblemError(problemFrom({ code: "machine_offline" }, 409)));
    expect(some.items[0]).toMatchObject({ state: "failed", problem: { code: "machine_offline" } });
    some.retry(1);
    expect(states(some)).toEqual(["sending"]);
  });

  it("are not tried again when the policy said no, which it would say again", async () => {
    const some = uploads();
    some.add(here, files("10:30.log"));
    await sent[0]?.fail(new ProblemError(problemFrom({ code: "command_refused" }, 403)));
    expect(some.items.map(mayRetry)).toEqual([false]);
    some.retry(1);
    expect([states(some), sent.length]).toEqual([["failed"], 1]);
  });
});
