import { expect, it } from "vitest";
import type { CommandVerdict, Machine } from "@/api/types";
import { type Answers, willing } from "./verdicts";

const machine = (id: string) => ({ id, state: "online" }) as Machine;
const [heron, stork, ibis, crane] = ["heron", "stork", "ibis", "crane"].map(machine) as [
  Machine,
  Machine,
  Machine,
  Machine,
];
const judged = (one: Machine, decision: CommandVerdict["decision"]) => ({
  machine: one,
  verdict: { decision, argv: [], reasons: [] } as unknown as CommandVerdict,
});

it("runs only where nobody has said no; who has not answered judges when it is told", () => {
  const answers: Answers = {
    judged: [judged(heron, "allow"), judged(stork, "deny"), judged(ibis, "ask")],
    silent: [crane],
    away: [],
    isAsking: false,
    unasked: 0,
  };
  expect(willing([heron, stork, ibis, crane], answers).map(({ id }) => id)).toEqual(["heron", "ibis", "crane"]);
});
