// What the policies of the chosen machines say, before anything is run.
import { useQueries } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { CommandOperation, Machine } from "@/api/types";
import { Notice } from "@/ui/notice";
import { useSettled, verdictQuery } from "../command/use-verdict";
import { isThere } from "../state";

/** More machines than these are not asked before; each judges for itself when it is told. */
const ASKED_AT_MOST = 20;

interface VerdictsProps {
  machines: Machine[];
  operation: CommandOperation;
  waits: boolean;
}

export function Verdicts({ machines, operation, waits }: VerdictsProps) {
  const { t } = useTranslation();
  const settled = useSettled(operation);
  const there = machines.filter(isThere);
  const away = machines.filter((machine) => !isThere(machine));
  const asked = there.slice(0, ASKED_AT_MOST);
  const answers = useQueries({ queries: asked.map((machine) => verdictQuery(machine, settled)) });
  const named = (decision: "allow" | "ask" | "deny") =>
    asked.filter((_, at) => answers[at]?.data?.decision === decision);
  const groups = (["deny", "ask", "allow"] as const).map((decision) => ({ decision, who: named(decision) }));
  const silent = asked.filter((_, at) => answers[at]?.isError);
  const isAsking = answers.some((answer) => answer.isPending);
  return (
    <div aria-live="polite" className="grid gap-2">
      {groups.map(({ decision, who }) => who.length > 0 && <Group key={decision} decision={decision} who={who} />)}
      {silent.length > 0 && (
        <Notice tone="warn" title={t("commands.many.silent", { count: silent.length })}>
          <Names machines={silent} />
        </Notice>
      )}
      {away.length > 0 && (
        <Notice title={t(waits ? "commands.many.away_waits" : "commands.many.away", { count: away.length })}>
          <Names machines={away} />
        </Notice>
      )}
      {isAsking && <Notice>{t("commands.verdict.asking")}</Notice>}
      {there.length > asked.length && (
        <p className="text-sm text-muted">{t("commands.many.not_asked", { count: there.length - asked.length })}</p>
      )}
    </div>
  );
}

const tones = { allow: "ok", ask: "warn", deny: "danger" } as const;

function Group({ decision, who }: { decision: keyof typeof tones; who: Machine[] }) {
  const { t } = useTranslation();
  return (
    <Notice tone={tones[decision]} title={t(`commands.many.${decision}`, { count: who.length })}>
      <Names machines={who} />
    </Notice>
  );
}

function Names({ machines }: { machines: Machine[] }) {
  return (
    <ul className="flex flex-wrap gap-x-3">
      {machines.map((machine) => (
        <li key={machine.id}>
          <bdi dir="ltr">{machine.name}</bdi>
        </li>
      ))}
    </ul>
  );
}
