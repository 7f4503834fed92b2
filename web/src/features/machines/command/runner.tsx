// Runs a command on one machine; what its policy says of it is shown before.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { type ProblemError, toProblem } from "@/api/problem";
import type { CommandOperation, CommandVerdict, MachineDetail } from "@/api/types";
import { Button } from "@/ui/button";
import { Notice } from "@/ui/notice";
import { Section } from "@/ui/page";
import { ProblemNotice, useProblemText } from "@/ui/problem";
import { AskForCommand } from "../rules/ask-for-command";
import { isThere } from "../state";
import { useRefresh } from "../use-machines";
import { draftOf, emptyDraft, operationOf } from "./draft";
import { isMannerFit, MannerFields, mannerBody, usualManner } from "./manner";
import { OperationForm } from "./operation-form";
import { rootsOf } from "./policy-text";
import { useVerdict } from "./use-verdict";
import { VerdictNotice } from "./verdict";

interface RunnerProps {
  machine: MachineDetail;
  /** What the form begins with. */
  like: CommandOperation | undefined;
  onRun: (id: string) => void;
}

export function Runner({ machine, like, onRun }: RunnerProps) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const roots = rootsOf(machine.policy_text);
  const [draft, setDraft] = useState(() => (like ? draftOf(like, roots[0] ?? "") : emptyDraft(roots[0] ?? "")));
  const [manner, setManner] = useState(usualManner);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const [busy, setBusy] = useState(false);
  const operation = operationOf(draft);
  const { verdict, error, isOld } = useVerdict(machine, operation);
  const there = isThere(machine);
  const isReady = operation !== null && isMannerFit(manner) && (there || manner.waitS > 0);

  async function run() {
    if (!operation || !isReady || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const body = { machine: machine.id, operation, ...mannerBody(manner, operation.kind) };
      const { commands } = await unwrap(api.POST("/commands", { body }));
      if (commands[0]) onRun(commands[0].id);
      void refresh();
    } catch (caught) {
      setProblem(toProblem(caught));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Section title={t("commands.run.title")} lead={t("commands.run.lead")}>
      <form
        className="grid gap-4"
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <OperationForm draft={draft} roots={roots} onChange={setDraft} />
        <MannerFields manner={manner} kind={draft.kind} mayHaveInput onChange={setManner} />
        {/* It keeps its place while an answer is awaited, so the button does not jump. */}
        <div aria-live="polite" className={isOld ? "opacity-60" : ""}>
          {!there && <Notice>{t(manner.waitS > 0 ? "commands.run.will_wait" : "commands.run.away")}</Notice>}
          {there && operation && <Judged verdict={verdict} error={error} />}
        </div>
        <ProblemNotice problem={problem} />
        <div>
          <Button
            type="submit"
            look="primary"
            icon="play"
            busy={busy}
            disabled={!isReady || verdict?.decision === "deny"}
          >
            {t(verdict?.decision === "ask" ? "commands.run.ask" : "commands.run.action")}
          </Button>
        </div>
      </form>
      {there && <AskForCommand machine={machine} operation={operation} verdict={verdict} />}
    </Section>
  );
}

function Judged({ verdict, error }: { verdict: CommandVerdict | undefined; error: unknown }) {
  const { t } = useTranslation();
  const text = useProblemText();
  if (verdict) return <VerdictNotice verdict={verdict} />;
  if (error) return <Notice tone="warn">{text(error)}</Notice>;
  return <Notice>{t("commands.verdict.asking")}</Notice>;
}
