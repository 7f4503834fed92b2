// The log of an attempt: which channels, what is searched for, how it is shown, and the way to its end.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { recall, remember } from "@/app/storage";
import { DownloadOutput } from "@/features/machines/output/download-output";
import { Button } from "@/ui/button";
import { Choice } from "@/ui/choice";
import { Checkbox } from "@/ui/field";
import { useProblemText } from "@/ui/problem";
import { SearchField } from "@/ui/search-field";
import { useFinds } from "./finds";
import type { JobLog, Shown } from "./job-log";
import { LogPanel } from "./log-panel";
import { Matches } from "./matches";
import { type LogOf, logAddress, useLog } from "./use-log";

interface LogViewProps {
  of: LogOf;
  output: number;
  errors: number;
  startedAt: string | null;
  isOver: boolean;
}

/** Whoever looks so soon after it began has missed nothing worth a word. */
const SOON_MS = 2000;

export function LogView({ of, output, errors, startedAt, isOver }: LogViewProps) {
  const { t } = useTranslation();
  const told = useProblemText();
  const log = useLog(of, output, errors);
  // Going to a find shows its channel alone; where somebody looks is what they chose.
  const [where, setWhere] = useState<Shown>("both");
  const [sought, setSought] = useState("");
  const finds = useFinds(of, sought, where, log);
  // Whoever looks for nothing any more is back where they were.
  const look = (text: string) => {
    setSought(text);
    if (text === "" && sought !== "") log.show(where);
  };
  const [isWrapped, setWrapped] = useState(() => recall("log-wrap") !== "no");
  // In which order the two channels were written is known only of what was heard here.
  const [isLate] = useState(() => isOver || (startedAt !== null && Date.now() - Date.parse(startedAt) > SOON_MS));
  const isApart = isLate && log.shown === "both" && log.lengths[0] > 0 && log.lengths[1] > 0;
  const isSilent = log.lengths[0] + log.lengths[1] === 0;
  const silence = isSilent ? t(isOver ? "commands.output.nothing" : "commands.output.not_yet") : null;
  return (
    <div className="min-w-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-4 py-3">
        <Choice
          label={t("commands.output.which")}
          value={String(log.shown)}
          options={[
            { value: "both", label: t("commands.output.both") },
            { value: "1", label: t("commands.output.output") },
            { value: "2", label: t("commands.output.errors") },
          ]}
          onChange={(value) => {
            const shown = value === "both" ? value : (Number(value) as Shown);
            setWhere(shown);
            log.show(shown);
          }}
        />
        <SearchField
          label={t("jobs.log.search")}
          value={sought}
          onChange={look}
          onEnter={(isBack) => finds.go(isBack ? -1 : 1)}
          className="min-w-0 flex-1 basis-44"
        />
        <Checkbox
          label={t("jobs.log.wrap")}
          checked={isWrapped}
          onChange={(event) => {
            setWrapped(event.target.checked);
            remember("log-wrap", event.target.checked ? "yes" : "no");
          }}
        />
        <DownloadOutput
          address={(channel) => logAddress(of, "/download", `channel=${channel}`)}
          output={log.lengths[0]}
          errors={log.lengths[1]}
        />
      </div>
      {sought && <Matches finds={finds} />}
      <Earlier log={log} />
      {isApart && <p className="border-b border-line px-4 py-2 text-sm text-muted">{t("jobs.log.apart")}</p>}
      <div className="relative">
        <LogPanel log={log} version={log.version} isWrapped={isWrapped} sought={sought} silence={silence} />
        {!log.isFollowing && (
          <div className="pointer-events-none absolute inset-x-0 bottom-3 flex justify-center">
            <Button size="sm" icon="down" className="pointer-events-auto shadow-pop" onClick={() => log.toEnd()}>
              {t(isOver ? "jobs.log.to_end" : "jobs.log.follow")}
            </Button>
          </div>
        )}
      </div>
      <p role="status" className="px-4 text-sm empty:hidden">
        {log.failed ? (
          <span className="block py-2 text-danger">{told(log.failed)}</span>
        ) : (
          (log.link === "waiting" || log.link === "broken") && (
            <span className="block py-2 text-warn">{t(`commands.output.${log.link}`)}</span>
          )
        )}
      </p>
    </div>
  );
}

/** What came before is kept of each channel apart; of one it is fetched by going up. */
function Earlier({ log }: { log: JobLog }) {
  const { t } = useTranslation();
  if (!log.hasEarlier) return null;
  if (log.shown !== "both") {
    return (
      <p className="flex min-h-9 items-center border-b border-line px-4 text-sm text-muted">
        {t(log.busy === "start" ? "common.loading" : "jobs.log.earlier_above")}
      </p>
    );
  }
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-1.5 text-sm text-muted">
      {t("jobs.log.earlier_apart")}
      <span className="flex gap-1">
        <Button size="sm" look="quiet" onClick={() => log.show(1)}>
          {t("commands.output.output")}
        </Button>
        <Button size="sm" look="quiet" onClick={() => log.show(2)}>
          {t("commands.output.errors")}
        </Button>
      </span>
    </p>
  );
}
