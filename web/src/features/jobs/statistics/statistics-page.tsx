// How jobs fared over the last hour, day or week.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type JobStatisticsSearch, jobWindows } from "@/app/search";
import { useFormat } from "@/i18n/format";
import { Notice } from "@/ui/notice";
import { Card } from "@/ui/page";
import { ErrorState } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import type { Statistics, StatisticsWindow } from "../api";
import { JobsFrame } from "../jobs-frame";
import { Pick } from "../list/job-filters";
import { queuesQuery, statisticsQuery } from "../queries";
import { WideChoice } from "../wide-choice";
import { useJobWords } from "../words";
import { BucketTable } from "./bucket-table";
import { CountChart } from "./count-chart";
import { SpanChart } from "./span-chart";

const route = getRouteApi("/signed-in/shell/jobs/statistics");

export default function StatisticsPage() {
  useJobWords();
  const { t } = useTranslation();
  return (
    <JobsFrame tab="statistics" lead={t("jobs.statistics.lead")}>
      <Shown />
    </JobsFrame>
  );
}

function Shown() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/jobs/statistics" });
  const window = search.window ?? "24h";
  const queues = useQuery(queuesQuery).data ?? [];
  const statistics = useQuery({
    ...statisticsQuery(window, search.queue),
    placeholderData: (before) => before,
  });
  const change = (part: Partial<JobStatisticsSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  return (
    <>
      <search className="mb-4 flex flex-wrap items-center gap-3">
        <WideChoice
          label={t("jobs.statistics.window")}
          value={window}
          options={jobWindows.map((one) => ({ value: one, label: t(`jobs.statistics.short.${one}`) }))}
          onChange={(next) => change({ window: next })}
        />
        {(queues.length > 1 || search.queue) && (
          <Pick
            label={t("jobs.queue")}
            any={t("jobs.any_queue")}
            value={search.queue}
            options={queues.map(({ name }) => ({ value: name, label: name }))}
            onPick={(queue) => change({ queue })}
          />
        )}
      </search>
      {statistics.data ? (
        <Figures statistics={statistics.data} window={window} />
      ) : (
        <Card>
          {statistics.isPending ? (
            <SkeletonRows />
          ) : (
            <ErrorState error={statistics.error} retry={() => statistics.refetch()} />
          )}
        </Card>
      )}
    </>
  );
}

function Figures({ statistics, window }: { statistics: Statistics; window: StatisticsWindow }) {
  const { t } = useTranslation();
  const { buckets, totals } = statistics;
  return (
    <div className="grid grid-cols-1 gap-4">
      {!statistics.is_complete && <Notice>{t("jobs.statistics.newest_only")}</Notice>}
      <Totals totals={totals} />
      <CountChart buckets={buckets} window={window} totals={totals} />
      <div className="grid gap-4 lg:grid-cols-2">
        <SpanChart
          title={t("jobs.statistics.wait")}
          buckets={buckets}
          window={window}
          middle={({ wait_p50_ms }) => wait_p50_ms}
          high={({ wait_p95_ms }) => wait_p95_ms}
        />
        <SpanChart
          title={t("jobs.statistics.run")}
          buckets={buckets}
          window={window}
          middle={({ run_p50_ms }) => run_p50_ms}
          high={({ run_p95_ms }) => run_p95_ms}
        />
      </div>
      <BucketTable buckets={buckets} window={window} />
    </div>
  );
}

function Totals({ totals }: { totals: Statistics["totals"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const took = (ms: number | null) => (ms === null ? "—" : format.took(ms < 1000 ? Math.round(ms) : ms));
  const figures = [
    { label: t("jobs.statistics.ended"), value: format.number(totals.ended) },
    { label: t("jobs.state.succeeded"), value: format.number(totals.succeeded) },
    {
      label: t("jobs.statistics.failure_rate"),
      value: totals.failure_rate === null ? "—" : format.share(totals.failure_rate),
      note: t("jobs.statistics.failed_count", { count: totals.failed }),
    },
    { label: t("jobs.statistics.wait"), value: took(totals.wait_p50_ms), note: high(totals.wait_p95_ms) },
    { label: t("jobs.statistics.run"), value: took(totals.run_p50_ms), note: high(totals.run_p95_ms) },
  ];
  function high(ms: number | null) {
    return ms === null ? "" : t("jobs.statistics.most_within", { time: took(ms) });
  }
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line md:grid-cols-5">
      {figures.map(({ label, value, note }) => (
        <div key={label} className="min-w-0 bg-surface p-4 max-md:last:col-span-2">
          <dt className="text-sm text-muted">{label}</dt>
          <dd className="mt-1 truncate text-xl font-semibold tracking-tight tabular-nums">
            <bdi>{value}</bdi>
          </dd>
          {note && <dd className="text-sm text-faint">{note}</dd>}
        </div>
      ))}
    </dl>
  );
}
