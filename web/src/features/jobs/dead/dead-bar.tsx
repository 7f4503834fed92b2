// What can be done with all dead letters that are chosen; how many there are is said before it is done.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { toast } from "@/ui/toast";
import { dismissDeadLetters, replayDeadLetters, type Which } from "../calls";
import { useRefresh } from "../use-jobs";

interface DeadBarProps {
  which: Which;
  count: number;
  /** There are more than were counted. */
  more: boolean;
  onDone: () => void;
}

export function DeadBar({ which, count, more, onDone }: DeadBarProps) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [asking, setAsking] = useState<"replay" | "dismiss" | null>(null);
  if (count === 0) return null;
  async function replay() {
    const { replayed } = await replayDeadLetters(which);
    await over(t("jobs.dead.replayed", { count: replayed }));
  }
  async function dismiss() {
    const { dismissed } = await dismissDeadLetters(which);
    await over(t("jobs.dead.dismissed", { count: dismissed }));
  }
  async function over(words: string) {
    toast(words);
    onDone();
    await refresh();
  }
  return (
    <section
      data-bottom-bar=""
      aria-label={t("jobs.dead.chosen")}
      className="sticky bottom-4 z-10 mt-4 flex flex-wrap items-center gap-2 rounded-lg border border-line bg-surface p-3 shadow-pop"
    >
      <p aria-live="polite" className="me-auto px-2 font-medium">
        {t(more ? "jobs.dead.count_more" : "jobs.dead.count", { count })}
      </p>
      <Button look="primary" icon="refresh" onClick={() => setAsking("replay")}>
        {t("jobs.dead.replay")}
      </Button>
      <Button icon="check" onClick={() => setAsking("dismiss")}>
        {t("jobs.dead.dismiss")}
      </Button>
      <Button look="quiet" onClick={onDone}>
        {t("machines.bulk.clear")}
      </Button>
      {asking && (
        <Confirm
          look="primary"
          title={t(more ? `jobs.dead.${asking}_title_more` : `jobs.dead.${asking}_title`, { count })}
          action={t(`jobs.dead.${asking}`)}
          run={asking === "replay" ? replay : dismiss}
          onClose={() => setAsking(null)}
        >
          {t(`jobs.dead.${asking}_text`)}
        </Confirm>
      )}
    </section>
  );
}
