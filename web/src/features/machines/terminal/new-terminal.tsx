// The form for a new terminal. What the policy says of it is shown before it is opened.
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type ProblemError, toProblem } from "@/api/problem";
import type { MachineDetail } from "@/api/types";
import { Button } from "@/ui/button";
import { Checkbox, Field, Input } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { Section } from "@/ui/page";
import { ProblemNotice, useProblemText } from "@/ui/problem";
import { isPathFit } from "../command/draft";
import { useVerdict } from "../command/use-verdict";
import { VerdictNotice } from "../command/verdict";
import { RootField } from "../root-field";
import { useRoots } from "../roots";
import { useRefresh } from "../use-machines";
import { openTerminal, type TerminalOperation } from "./access";
import { likelySize } from "./likely-size";

interface NewTerminalProps {
  machine: MachineDetail;
  onOpen: (id: string) => void;
}

/** The policy does not mind how large it is. */
const ANY_SIZE = { columns: 80, rows: 24 };

export function NewTerminal({ machine, onOpen }: NewTerminalProps) {
  const { t } = useTranslation();
  const text = useProblemText();
  const refresh = useRefresh();
  const roots = useRoots(machine.id)?.map(({ name }) => name) ?? [];
  const form = useRef<HTMLFormElement>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const root = chosen ?? roots[0] ?? "";
  const [path, setPath] = useState("");
  const [record, setRecord] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const isFit = root.trim() !== "" && isPathFit(path.trim());
  const operation: TerminalOperation | null = isFit
    ? { kind: "terminal", root: root.trim(), path: path.trim(), ...ANY_SIZE, ...(record ? { record } : {}) }
    : null;
  const { verdict, error, isOld } = useVerdict(machine, operation);

  async function open() {
    if (!operation || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const card = form.current?.closest("section")?.clientWidth ?? 0;
      const size = likelySize(card, { width: innerWidth, height: innerHeight });
      const { id } = await openTerminal(machine.id, { ...operation, ...size });
      await refresh();
      onOpen(id);
    } catch (caught) {
      setProblem(toProblem(caught));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Section title={t("terminals.new.title")} lead={t("terminals.new.lead")}>
      <form
        ref={form}
        className="grid gap-4"
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void open();
        }}
      >
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <RootField roots={roots} value={root} onChange={setChosen} />
          <Field
            label={t("commands.field.path")}
            optional
            hint={t("commands.field.path_hint")}
            error={!isPathFit(path.trim()) && t("field.path_not_relative")}
          >
            <Input code maxLength={4096} value={path} onChange={(event) => setPath(event.target.value)} />
          </Field>
        </div>
        <Checkbox
          label={t("terminals.new.record")}
          hint={t("terminals.new.record_hint")}
          checked={record}
          onChange={(event) => setRecord(event.target.checked)}
        />
        <div aria-live="polite" className={isOld ? "opacity-60" : ""}>
          {verdict ? (
            <VerdictNotice verdict={verdict} />
          ) : error ? (
            <Notice tone="warn">{text(error)}</Notice>
          ) : (
            operation && <Notice>{t("commands.verdict.asking")}</Notice>
          )}
        </div>
        <ProblemNotice problem={problem} />
        <div>
          <Button
            type="submit"
            look="primary"
            icon="terminal"
            busy={busy}
            disabled={!operation || verdict?.decision === "deny"}
          >
            {t(verdict?.decision === "ask" ? "terminals.new.ask" : "terminals.new.action")}
          </Button>
        </div>
      </form>
    </Section>
  );
}
