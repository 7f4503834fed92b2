// One command for many machines, chosen by hand or by their labels.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { type ProblemError, toProblem } from "@/api/problem";
import type { CommandOperation, Machine } from "@/api/types";
import { Button } from "@/ui/button";
import { ListState } from "@/ui/list-state";
import { Card, Section } from "@/ui/page";
import { ProblemNotice } from "@/ui/problem";
import { EmptyState, SkeletonRows } from "@/ui/states";
import { draftOf, emptyDraft, operationOf } from "../command/draft";
import { isMannerFit, MannerFields, mannerBody, usualManner } from "../command/manner";
import { OperationForm } from "../command/operation-form";
import { FleetFrame } from "../fleet-frame";
import { isLabel, isSelected, splitLabels } from "../labels";
import { allMachinesQuery, commandQuery } from "../queries";
import { useMachineWords } from "../words";
import { TargetFields, type Targets } from "./target-fields";
import { useVerdicts, Verdicts, willing } from "./verdicts";

const route = getRouteApi("/signed-in/shell/machines/run");

/** What every policy that Diwan writes calls its root. */
const USUAL_ROOT = "projects";

export default function RunPage() {
  useMachineWords();
  const { t } = useTranslation();
  return (
    <FleetFrame tab="run" lead={t("commands.many.lead")} needs="commands.run">
      <Loaded />
    </FleetFrame>
  );
}

function Loaded() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const machines = useQuery({ ...allMachinesQuery, select: ({ items }) => items.filter(mayBeAsked) });
  const like = useQuery({ ...commandQuery(search.like ?? ""), enabled: Boolean(search.like) });
  if (search.like && like.isPending) {
    return (
      <Card>
        <SkeletonRows />
      </Card>
    );
  }
  return (
    <ListState
      query={machines}
      empty={
        <Card>
          <EmptyState icon="machine" title={t("commands.many.nobody")}>
            {t("commands.many.nobody_text")}
          </EmptyState>
        </Card>
      }
    >
      {(items) => <Form machines={items} like={like.data?.operation} />}
    </ListState>
  );
}

function mayBeAsked({ state }: Machine): boolean {
  return state !== "revoked" && state !== "locked";
}

function Form({ machines, like }: { machines: Machine[]; like: CommandOperation | undefined }) {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = useNavigate();
  const [targets, setTargets] = useState<Targets>(() => ({
    by: search.labels && !search.machines ? "labels" : "hand",
    ids: (search.machines ?? "").split(",").filter(Boolean),
    labels: search.labels ?? "",
  }));
  const [draft, setDraft] = useState(() => (like ? draftOf(like, USUAL_ROOT) : emptyDraft(USUAL_ROOT)));
  const [manner, setManner] = useState(usualManner);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const [busy, setBusy] = useState(false);
  const operation = operationOf(draft);
  const meant = meantBy(targets, machines);
  const answers = useVerdicts(meant, operation);
  const chosen = willing(meant, answers);
  const isReady = operation !== null && isMannerFit(manner) && chosen.length > 0;

  async function run() {
    if (!operation || !isReady || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const who =
        targets.by === "labels" && chosen.length === meant.length
          ? { selector: splitLabels(targets.labels).join(",") }
          : { machines: chosen.map((machine) => machine.id) };
      const body = { ...who, operation, ...mannerBody({ ...manner, hasInput: false }, operation.kind) };
      const { id } = await unwrap(api.POST("/commands", { body }));
      await navigate({ to: "/machines/runs/$id", params: { id } });
    } catch (caught) {
      setProblem(toProblem(caught));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <Section title={t("commands.many.where")}>
        <TargetFields machines={machines} targets={targets} meant={meant} onChange={setTargets} />
      </Section>
      <Section title={t("commands.many.what")}>
        <div className="grid gap-4">
          <OperationForm draft={draft} roots={[USUAL_ROOT]} onChange={setDraft} />
          <MannerFields manner={manner} kind={draft.kind} mayHaveInput={false} onChange={setManner} />
          {operation && meant.length > 0 && <Verdicts answers={answers} waits={manner.waitS > 0} />}
          <ProblemNotice problem={problem} />
          <div>
            <Button type="submit" look="primary" icon="play" busy={busy} disabled={!isReady}>
              {t("commands.many.action", { count: chosen.length })}
            </Button>
          </div>
        </div>
      </Section>
    </form>
  );
}

/** Whom the choice means, as far as they are known here. */
function meantBy(targets: Targets, machines: Machine[]): Machine[] {
  if (targets.by === "hand") return machines.filter((machine) => targets.ids.includes(machine.id));
  const labels = splitLabels(targets.labels);
  if (labels.length === 0 || !labels.every(isLabel)) return [];
  return machines.filter((machine) => isSelected(machine.labels, labels));
}
