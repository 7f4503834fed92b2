import { describe, expect, it } from "vitest";
import { draftOf as jobDraftOf } from "../form/draft";
import { emptyDraft, type ScheduleDraft, scheduleOf } from "./draft";
import { curlExample } from "./hook-example";

const job = jobDraftOf({ operation: { kind: "build", root: "projects", path: "shop" } });
const draft = (part: Partial<ScheduleDraft>): ScheduleDraft => ({
  ...emptyDraft("Asia/Riyadh"),
  name: "x",
  job,
  ...part,
});
const when = (part: Partial<ScheduleDraft>) => scheduleOf(draft(part)).schedule.when;

describe("the form of a schedule", () => {
  it("comes to a moment, a call or an event", () => {
    expect(when({ expression: "  0  9 * * mon-fri ", jitter: { amount: "5", unit: "min" } })).toEqual({
      kind: "cron",
      expression: "0 9 * * mon-fri",
      time_zone: "Asia/Riyadh",
      jitter_ms: 300_000,
    });
    expect(when({ kind: "webhook", provider: "github", branch: " main " })).toEqual({
      kind: "webhook",
      provider: "github",
      branch: "main",
    });
    expect(when({ kind: "event", event: "job.ended", filter: "state=failed, queue = build\nlabel=team=web" })).toEqual({
      kind: "event",
      event: "job.ended",
      filter: { state: "failed", queue: "build", label: "team=web" },
    });
  });

  it("says nothing of a branch to a program that pushes none", () => {
    expect(when({ kind: "webhook", provider: "diwan", branch: "main" })).toMatchObject({ branch: null });
  });

  it("says nothing of its job that each run has for itself", () => {
    const { schedule } = scheduleOf(draft({ job: { ...job, start: "at", at: "2026-01-01T00:00", after: [] } }));
    for (const field of ["not_before", "after", "idempotency_key"]) expect(schedule.job).not.toHaveProperty(field);
  });

  it("names what is wrong by its place, in the job too", () => {
    expect([...scheduleOf(draft({ name: " ", expression: "", job: { ...job, priority: "x" } })).faults]).toEqual([
      ["job.priority", { of: "whole", least: -10, most: 10 }],
      ["name", "required"],
      ["when.expression", "required"],
    ]);
  });
});

it("the example of a call signs the moment and the body", () => {
  const text = curlExample("https://diwan.example/api/v1/hooks/jobs/jsc_1");
  expect(text).toContain(`printf %s "$AT.$BODY"`);
  expect(text).toContain(`-H "X-Diwan-Signature: v1=$SIGNATURE"`);
  expect(text).toContain("curl -X POST 'https://diwan.example/api/v1/hooks/jobs/jsc_1' \\\n");
});
