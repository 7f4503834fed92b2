import { describe, expect, it } from "vitest";
import type { JobAttempt } from "../api";
import { lanes } from "./lanes";

const at = (s: number) => new Date(Date.UTC(2026, 0, 1) + s * 1000).toISOString();
const now = Date.parse(at(100));
const job = { created_at: at(0), ready_at: at(0) };
const attempt = (part: Partial<JobAttempt>): JobAttempt => ({
  attempt: 1,
  machine_id: "mch_1",
  machine_name: "heron",
  command_id: "cmd_1",
  leased_at: at(10),
  started_at: at(20),
  ended_at: at(50),
  state: "failed",
  reason: null,
  detail: null,
  exit_code: null,
  signal: null,
  usage: null,
  output_bytes: 0,
  error_bytes: 0,
  ...part,
});

describe("the lanes of attempts", () => {
  it("have one line of time, on which each begins where the one before ended", () => {
    const second = attempt({ attempt: 2, leased_at: at(70), started_at: at(80), ended_at: null, state: "running" });
    expect(lanes(job, [attempt({}), second], now)).toEqual([
      { from: 0, waited: 0.1, leased: 0.1, ran: 0.3 },
      { from: 0.5, waited: 0.2, leased: 0.1, ran: 0.2 },
    ]);
  });

  it("show one that never began as on its way", () => {
    expect(lanes(job, [attempt({ started_at: null, ended_at: at(20) })], now)).toEqual([
      { from: 0, waited: 0.5, leased: 0.5, ran: 0 },
    ]);
  });

  it("never go back in time, whatever the clocks say", () => {
    const odd = attempt({ leased_at: at(10), started_at: at(5), ended_at: at(4) });
    for (const lane of lanes(job, [odd], now)) {
      for (const share of Object.values(lane)) expect(share).toBeGreaterThanOrEqual(0);
    }
  });
});
