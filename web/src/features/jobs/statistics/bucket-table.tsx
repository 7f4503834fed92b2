// The same as the charts, to be read: newest first, and only what there was.
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { Card } from "@/ui/page";
import { Moment } from "@/ui/time";
import type { StatisticsBucket, StatisticsWindow } from "../api";

interface BucketTableProps {
  buckets: StatisticsBucket[];
  window: StatisticsWindow;
}

export function BucketTable({ buckets, window }: BucketTableProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const took = (ms: number | null) => (ms === null ? "—" : format.took(ms < 1000 ? Math.round(ms) : ms));
  const rows = buckets.filter(({ ended }) => ended > 0).toReversed();
  if (rows.length === 0) return <p className="text-muted">{t("jobs.statistics.nothing")}</p>;
  const headings = [
    t("jobs.statistics.since"),
    t("jobs.state.succeeded"),
    t("jobs.state.failed"),
    t("jobs.state.cancelled"),
    `${t("jobs.statistics.wait")} · ${t("jobs.statistics.p50")}`,
    `${t("jobs.statistics.wait")} · ${t("jobs.statistics.p95")}`,
    `${t("jobs.statistics.run")} · ${t("jobs.statistics.p50")}`,
    `${t("jobs.statistics.run")} · ${t("jobs.statistics.p95")}`,
  ];
  return (
    <Card>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section tabIndex={0} aria-label={t("jobs.statistics.table")} className="max-h-96 overflow-auto">
        <table className="w-full text-sm tabular-nums">
          <caption className="sr-only">
            {t("jobs.statistics.table")} · {t(`jobs.statistics.window_${window}`)}
          </caption>
          <thead className="sticky top-0 bg-surface shadow-[0_1px_0_var(--line)]">
            <tr>
              {headings.map((heading, at) => (
                <th
                  key={heading}
                  scope="col"
                  className={`px-3 py-2.5 text-xs font-medium whitespace-nowrap text-faint ${at === 0 ? "text-start" : "text-end"}`}
                >
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {rows.map((bucket) => (
              <tr key={bucket.at}>
                <th scope="row" className="px-3 py-2 text-start font-normal">
                  <Moment at={bucket.at} />
                </th>
                {[
                  format.number(bucket.succeeded),
                  format.number(bucket.failed),
                  format.number(bucket.cancelled),
                  took(bucket.wait_p50_ms),
                  took(bucket.wait_p95_ms),
                  took(bucket.run_p50_ms),
                  took(bucket.run_p95_ms),
                ].map((text, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place.
                  <td key={at} className="px-3 py-2 text-end whitespace-nowrap">
                    <bdi>{text}</bdi>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Card>
  );
}
