import { describe, expect, it } from "vitest";
import type { JobSpec } from "../api";
import { draftOf, emptyDraft, type JobDraft, jobOf, variableRow } from "./draft";
import { pauses } from "./pauses";
import { msOf, span } from "./span";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const program = (line: string): JobDraft => {
  const empty = emptyDraft();
  return { ...empty, operation: { ...empty.operation, line } };
};
const faults = (draft: Partial<JobDraft>) => [...jobOf({ ...program("ls"), ...draft }, NOW).faults];

const spec: JobSpec = {
  name: "Deploy",
  queue: "deploys",
  operation: { kind: "exec", argv: ["make", "deploy"], root: "projects", path: "shop" },
  target: { kind: "labels", selector: "env=prod,gpu" },
  priority: -3,
  concurrency: { key: "shop", limit: 2 },
  retry: { attempts: 4, delay_ms: 1500, max_delay_ms: 3_600_000, factor: 1.5, jitter: false, on: ["lost"] },
  retry_safe: true,
  timeout_ms: 5_400_000,
  queue_timeout_ms: 86_400_000,
  limits: { memory_bytes: 536_870_912, processes: 20, output_bytes: 1000 },
  not_before: null,
  lost: { policy: "move", after_ms: 120_000 },
  labels: { team: "web", tier: "" },
  after: [{ job_id: "job_1", when: "ended" }],
  env: { MODE: "night", EMPTY: "" },
  secrets: [{ env: "TOKEN", secret: "git/token" }],
  artifacts: ["dist/**", "*.log"],
  idempotency_key: null,
};

describe("the form of a job", () => {
  it("comes to what was wanted, filled in again from a job", () => {
    const { job, faults } = jobOf(draftOf(spec), NOW);
    expect([...faults]).toEqual([]);
    const { idempotency_key: _, ...wanted } = spec;
    expect(job).toEqual(wanted);
  });

  it("as it stands at first needs no more than a program", () => {
    expect([...jobOf(emptyDraft(), NOW).faults]).toEqual([["operation.argv", "required"]]);
    const { job, faults } = jobOf(program("make test"), NOW);
    expect([...faults]).toEqual([]);
    expect(job).toMatchObject({ name: null, queue: "default", target: { kind: "any" }, not_before: null, after: [] });
  });

  it("names what is wrong by its place in the request", () => {
    const empty = emptyDraft();
    expect([...jobOf(program("echo 'a"), NOW).faults]).toEqual([["operation.argv", "unfit"]]);
    const placed = { ...program("ls").operation, root: " ", path: "/etc" };
    expect(faults({ operation: placed })).toEqual([
      ["operation.root", "required"],
      ["operation.path", "unfit"],
    ]);
    expect(faults({ target: { kind: "machine", machine: "", labels: "" } })).toEqual([
      ["target.machine_id", "required"],
    ]);
    expect(faults({ target: { kind: "labels", machine: "", labels: "A B" } })).toEqual([["target.selector", "label"]]);
    expect(faults({ priority: "11" })).toEqual([["priority", { of: "whole", least: -10, most: 10 }]]);
    expect(faults({ labels: "team=über" })).toEqual([["labels", "pair"]]);
    expect(faults({ retry: { ...empty.retry, attempts: "0" } })).toEqual([
      ["retry.attempts", { of: "whole", least: 1, most: 100 }],
    ]);
    expect(faults({ retry: { ...empty.retry, attempts: "3", factor: "11", on: [] } })).toEqual([
      ["retry.on", "choose"],
      ["retry.factor", { of: "number", least: 1, most: 10 }],
    ]);
    expect(faults({ timeout: { amount: "soon", unit: "min" } })).toEqual([["timeout_ms", "form"]]);
    const limits = { ...empty.limits, memory_bytes: "0,5", processes: "1.5", open_files: "15", output_bytes: "much" };
    expect(faults({ limits })).toEqual([
      ["limits.memory_bytes", { of: "number", least: 1, most: 16_777_216 }],
      ["limits.processes", { of: "whole", least: 1, most: 100_000 }],
      ["limits.open_files", { of: "whole", least: 16, most: 1_048_576 }],
      ["limits.output_bytes", { of: "number", least: 1 / 1024, most: 16_777_216 * 1024 }],
    ]);
    expect(faults({ start: "at", at: "" })).toEqual([["not_before", "required"]]);
  });

  it("misses a length of time that is left empty only where there must be one, and says how long it may be", () => {
    const { retry, lost } = emptyDraft();
    const none = { amount: "", unit: "min" } as const;
    const most = (at: string, least: number, most: number) => [[at, { of: "span", least, most }]];
    expect(faults({ timeout: none, queueTimeout: none, lost: { ...lost, after: none } })).toEqual([]);
    expect(faults({ start: "later", delay: none })).toEqual([["not_before", "required"]]);
    expect(faults({ lost: { policy: "fail", after: none } })).toEqual([["lost.after_ms", "required"]]);
    expect(faults({ retry: { ...retry, attempts: "2", delay: none, most: none } })).toEqual([
      ["retry.delay_ms", "required"],
      ["retry.max_delay_ms", "required"],
    ]);
    expect(faults({ timeout: { amount: "8", unit: "d" } })).toEqual(most("timeout_ms", 1, 604_800_000));
    expect(faults({ lost: { policy: "move", after: { amount: "0.5", unit: "s" } } })).toEqual(
      most("lost.after_ms", 1000, 604_800_000),
    );
  });

  it("passes over what is not shown", () => {
    const empty = emptyDraft();
    const hidden = { amount: "soon", unit: "min" } as const;
    const { job } = jobOf({ ...program("ls"), lost: { policy: "wait", after: hidden } }, NOW);
    expect(job.lost).toEqual({ policy: "wait", after_ms: 60_000 });
    expect(faults({ retry: { ...empty.retry, delay: hidden, factor: "x", on: [] } })).toEqual([]);
    expect(faults({ lost: { policy: "wait", after: hidden } })).toEqual([]);
  });

  it("leaves out empty rows of variables, and says what is wrong with the others", () => {
    const { job } = jobOf({ ...program("ls"), env: [variableRow(), variableRow(" CI ", " x ")] }, NOW);
    expect([job.env, job.secrets]).toEqual([{ CI: " x " }, []]);
    expect(faults({ env: [variableRow(), variableRow("1A", "x"), variableRow("", "y")] })).toEqual([
      ["env[0]", "variable"],
      ["env[1]", "required"],
    ]);
    expect(faults({ env: [variableRow("A", "")], secrets: [variableRow("A", "b"), variableRow("B", " ")] })).toEqual([
      ["secrets[0].env", "twice"],
      ["secrets[1].secret", "required"],
    ]);
  });

  it("begins later by as much as is said", () => {
    const { job } = jobOf({ ...program("ls"), start: "later", delay: { amount: "2", unit: "h" } }, NOW);
    expect(job.not_before).toBe("2026-01-02T05:04:05.000Z");
  });
});

describe("a length of time", () => {
  it.each([
    [90_000, { amount: "90", unit: "s" }],
    [3_600_000, { amount: "1", unit: "h" }],
    [172_800_000, { amount: "2", unit: "d" }],
    [1500, { amount: "1.5", unit: "s" }],
    [0, { amount: "0", unit: "s" }],
  ])("of %d ms is written and read again", (ms, written) => {
    expect(span(ms)).toEqual(written);
    expect(msOf(span(ms))).toBe(ms);
  });

  it("may be left out, and must be a number", () => {
    expect(msOf(span(null))).toBeNull();
    expect(msOf({ amount: "1,5", unit: "min" })).toBe(90_000);
    expect(msOf({ amount: "-1", unit: "s" })).toBeNaN();
    expect(msOf({ amount: "1e3", unit: "s" })).toBeNaN();
  });
});

describe("the pauses between attempts", () => {
  const retry = emptyDraft().retry;

  it("grow up to the longest", () => {
    expect(pauses({ ...retry, attempts: "5", delay: span(60_000), most: span(200_000), factor: "2" })).toEqual([
      60_000, 120_000, 200_000, 200_000,
    ]);
  });

  it("are none where nothing is tried again or what is written is no number", () => {
    expect(pauses({ ...retry, attempts: "1" })).toEqual([]);
    expect(pauses({ ...retry, attempts: "x" })).toEqual([]);
    expect(pauses({ ...retry, attempts: "3", factor: "x" })).toEqual([]);
  });
});
