// When a schedule would come next, asked of the server while one types.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { toProblem } from "@/api/problem";
import { useTimeZone } from "@/app/time-zone";
import { useSettled } from "@/features/machines/command/use-verdict";
import { useNow } from "@/features/machines/use-machines";
import { makeFormat, useFormat } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { useProblemText } from "@/ui/problem";
import { Skeleton } from "@/ui/states";
import type { ScheduleWhen } from "../api";
import { useFieldWords } from "../form/complaints";
import { previewQuery } from "../queries";
import { hasSeconds } from "./cron";

export function NextRuns({ when }: { when: ScheduleWhen }) {
  const { t } = useTranslation();
  const settled = useSettled(when);
  const isOld = JSON.stringify(settled) !== JSON.stringify(when);
  const preview = useQuery({ ...previewQuery(settled), placeholderData: (before) => before });
  const told = useProblemText();
  const words = useFieldWords();
  const wrong = preview.error ? toProblem(preview.error).problem.errors?.[0] : undefined;
  return (
    <section aria-label={t("schedules.next.title")} className="min-w-0 rounded-md border border-line bg-bg p-4">
      <h3 className="mb-2 text-sm font-medium text-muted">{t("schedules.next.title")}</h3>
      <div aria-live="polite" className={cx("transition-opacity", isOld && "opacity-50")}>
        {preview.error ? (
          <div className="grid gap-1 text-sm">
            <p className="text-danger">{wrong ? words(wrong) : told(preview.error)}</p>
            {/* Where in the expression it is, the server says in English. */}
            {wrong && (
              <bdi dir="ltr" lang="en" className="text-muted">
                {wrong.message}
              </bdi>
            )}
          </div>
        ) : preview.data ? (
          <RunTimes times={preview.data.next} when={settled} />
        ) : (
          <div className="grid gap-2.5">
            <Skeleton />
            <Skeleton />
            <Skeleton />
          </div>
        )}
      </div>
    </section>
  );
}

/** In the time zone of the schedule; how far away it is means the same everywhere. */
function RunTimes({ times, when }: { times: string[]; when: ScheduleWhen }) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const mine = useTimeZone();
  const now = useNow(1000);
  const there = makeFormat(i18n.language, when.kind === "cron" ? when.time_zone : mine);
  const told = hasSeconds(when) ? there.second : there.moment;
  if (times.length === 0) return <p className="text-sm text-muted">{t("schedules.next.none")}</p>;
  const coming = times.filter((at) => new Date(at).getTime() > now);
  return (
    // They go on by themselves, which is not announced; what was typed is said in words beside it.
    <ol aria-live="off" className="grid gap-1">
      {coming.map((at) => (
        <li key={at} className="flex items-baseline justify-between gap-4 text-sm">
          <time dateTime={at} title={format.exact(at)} className="tabular-nums">
            {there.weekday(new Date(at).getTime())} {told(at)}
          </time>
          <span className="text-faint">{format.ago(at, now)}</span>
        </li>
      ))}
    </ol>
  );
}
