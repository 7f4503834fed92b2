import { expect, it } from "vitest";
import type { Command } from "@/api/types";
import { resultsOf } from "./results";

const command = (id: string, part: Partial<Command>) =>
  ({ id, machine_name: id, approved_as: null, retry_of: null, exit_code: null, ...part }) as Command;

it("what failed comes first, then what runs, then what went well; each machine once", () => {
  const results = resultsOf([
    command("b-done", { state: "ended", exit_code: 0 }),
    command("a-done", { state: "ended", exit_code: 0 }),
    command("runs", { state: "running" }),
    command("failed", { state: "ended", exit_code: 1 }),
    command("refused", { state: "refused" }),
    command("asked", { state: "needs_approval", approved_as: "asked-again" }),
    command("asked-again", { state: "sent" }),
    command("lost", { state: "unknown" }),
    command("lost-again", { state: "ended", exit_code: 0, retry_of: "lost" }),
  ]);
  expect(results.map(({ id }) => id)).toEqual([
    "failed",
    "refused",
    "asked-again",
    "runs",
    "a-done",
    "b-done",
    "lost-again",
  ]);
});
