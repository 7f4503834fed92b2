import { expect, it } from "vitest";
import { announce, hear } from "./announce";
import { Gathering } from "./gather";

it("many events of a topic count at once and once more a moment later", () => {
  const runs: string[] = [];
  let timers: (() => void)[] = [];
  const gathering = new Gathering(
    (topic) => runs.push(topic),
    (run) => timers.push(run),
  );
  const pass = () => {
    const due = timers;
    timers = [];
    for (const run of due) run();
  };
  for (let n = 0; n < 500; n += 1) gathering.add("machines");
  gathering.add("users");
  expect(runs).toEqual(["machines", "users"]);
  pass();
  expect(runs).toEqual(["machines", "users", "machines"]);
  pass();
  pass();
  expect(runs).toHaveLength(3);
  gathering.add("machines");
  expect(runs).toHaveLength(4);
});

it("what an event carries goes to those who listen, and to nobody afterwards", () => {
  const heard: unknown[] = [];
  const stop = hear("machine.sample", (data) => heard.push(data));
  expect(announce({ topic: "machines", name: "machine.sample", data: 1 })).toBe(false);
  expect(announce({ topic: "machines", name: "machine.changed", data: 2 })).toBe(true);
  stop();
  announce({ topic: "machines", name: "machine.sample", data: 3 });
  expect(heard).toEqual([1]);
});
