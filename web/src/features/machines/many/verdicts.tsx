// What the policies of the chosen machines say, before anything is run.
import { useQueries } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { CommandOperation, CommandVerdict, Machine } from "@/api/types";
import { Notice } from "@/ui/notice";
import { useSettled, verdictQuery } from "../command/use-verdict";
import { Reasons } from "../command/verdict";
import { isThere } from "../state";

/** More machines than these are not asked before; each judges for itself when it is told. */
const ASKED_AT_MOST = 20;

interface Judged {
  machine: Machine;
  verdict: CommandVerdict;
}

export interface Answers {
  judged: Judged[];
  silent: Machine[];
  away: Machine[];
  isAsking: boolean;
  /** How many more there are that are not asked before. */
  unasked: number;
}

export function useVerdicts(machines: Machine[], operation: CommandOperation | null): Answers {
  const settled = useSettled(operation);
  const isOld = JSON.stringify(settled) !== JSON.stringify(operation);
  const there = machines.filter(isThere);
  const asked = settled ? there.slice(0, ASKED_AT_MOST) : [];
  const answers = useQueries({ queries: asked.map((machine) => verdictQuery(machine, settled)) });
  return {
    judged: asked.flatMap((machine, at) => {
      const verdict = isOld ? undefined : answers[at]?.data;
      return verdict ? [{ machine, verdict }] : [];
    }),
    silent: asked.filter((_, at) => !isOld && answers[at]?.isError),
    away: machines.filter((machine) => !isThere(machine)),
    isAsking: isOld || answers.some((answer) => answer.isPending),
    unasked: Math.max(0, there.length - ASKED_AT_MOST),
  };
}

/** Those that have not said no. */
export function willing(machines: Machine[], { judged }: Answers): Machine[] {
  const denied = new Set(judged.filter(({ verdict }) => verdict.decision === "deny").map(({ machine }) => machine.id));
  return machines.filter(({ id }) => !denied.has(id));
}

export function Verdicts({ answers, waits }: { answers: Answers; waits: boolean }) {
  const { t } = useTranslation();
  const { judged, silent, away, isAsking, unasked } = answers;
  const groups = (["deny", "ask", "allow"] as const).map((decision) => ({
    decision,
    who: judged.filter(({ verdict }) => verdict.decision === decision),
  }));
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
      {unasked > 0 && <p className="text-sm text-muted">{t("commands.many.not_asked", { count: unasked })}</p>}
    </div>
  );
}

const tones = { allow: "ok", ask: "warn", deny: "danger" } as const;

function Group({ decision, who }: { decision: keyof typeof tones; who: Judged[] }) {
  const { t } = useTranslation();
  return (
    <Notice tone={tones[decision]} title={t(`commands.many.${decision}`, { count: who.length })}>
      {decision === "deny" ? <Denials who={who} /> : <Names machines={who.map(({ machine }) => machine)} />}
    </Notice>
  );
}

/** Each has a policy of its own, and so a reason of its own. */
function Denials({ who }: { who: Judged[] }) {
  const { t } = useTranslation();
  return (
    <ul className="grid gap-2">
      {who.map(({ machine, verdict }) => (
        <li key={machine.id}>
          <bdi dir="ltr" className="font-medium text-ink">
            {machine.name}
          </bdi>
          {verdict.reasons.length > 0 ? <Reasons verdict={verdict} /> : <p>{t("commands.verdict.no_rule")}</p>}
        </li>
      ))}
    </ul>
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
