import { expect, it } from "vitest";
import { emptyDraft as emptySchedule } from "../schedules/draft";
import { placesOf as placesOfSchedule } from "../schedules/places";
import { emptyDraft, type JobDraft, variableRow } from "./draft";
import { besides, placesOf } from "./places";

const left = (fields: string[], draft: Partial<JobDraft> = {}) =>
  besides(
    fields.map((field) => ({ field })),
    placesOf({ ...emptyDraft(), ...draft }),
  ).map(({ field }) => field);

it("what a field says is not said again above the form", () => {
  expect(left(["operation.argv[0]", "operation.root", "queue", "limits.memory_bytes", "labels"])).toEqual([]);
  expect(left(["target.selector"], { target: { kind: "labels", machine: "", labels: "" } })).toEqual([]);
  const rows = { env: [variableRow(), variableRow("A", "x")], secrets: [variableRow("B", "c")] };
  expect(left(["env.A", "secrets[0].secret"], rows)).toEqual([]);
});

it("what none says is", () => {
  const hidden = ["operation.url", "target.machine_id", "retry.factor", "lost.after_ms", "idempotency_key"];
  expect(left(hidden)).toEqual(hidden);
  expect(left(["env"])).toEqual([]);
  expect(left(["env", "env.OTHER"], { env: [variableRow("A", "x")] })).toEqual(["env", "env.OTHER"]);
});

it("a schedule has fields of its own, and its job has none for what each run has for itself", () => {
  const told = ["when.expression", "when.branch", "job.queue", "queue", "job.after"].map((field) => ({ field }));
  expect(besides(told, placesOfSchedule(emptySchedule("UTC"))).map(({ field }) => field)).toEqual([
    "when.branch",
    "queue",
    "job.after",
  ]);
});
