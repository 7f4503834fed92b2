// How many jobs ended, and how. Boxes in a row, so that in Arabic time runs from right to left by itself.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { Card } from "@/ui/page";
import type { StatisticsBucket, StatisticsWindow } from "../api";
import { useEdge, useEdges } from "./edges";

interface CountChartProps {
  buckets: StatisticsBucket[];
  totals: StatisticsBucket;
  window: StatisticsWindow;
}

export function CountChart({ buckets, totals, window }: CountChartProps) {
  const { t } = useTranslation();
  const [pointed, setPointed] = useState<number | null>(null);
  const edge = useEdge(window);
  const edges = useEdges(buckets, window);
  const bucket = pointed === null ? undefined : buckets[pointed];
  const one = bucket ?? totals;
  const highest = Math.max(4, ...buckets.map(({ ended }) => ended));
  return (
    <Card className="p-5">
      <div className="flex min-h-11 flex-wrap items-start justify-between gap-x-6 gap-y-2">
        <div>
          <h2 className="font-medium">{t("jobs.statistics.counts")}</h2>
          <p className="text-sm text-faint">{bucket ? edge(bucket) : t(`jobs.statistics.window_${window}`)}</p>
        </div>
        <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted">
          <Sign look="bg-accent" label={t("jobs.state.succeeded")} count={one.succeeded} />
          <Sign look="bg-danger" label={t("jobs.state.failed")} count={one.failed} />
          <Sign look="bg-edge/60" label={t("jobs.state.cancelled")} count={one.cancelled} />
        </ul>
      </div>
      <div
        role="img"
        aria-label={t("jobs.statistics.picture", {
          succeeded: totals.succeeded,
          failed: totals.failed,
          cancelled: totals.cancelled,
        })}
        onPointerLeave={() => setPointed(null)}
        className="mt-4 flex h-36 items-stretch border-b border-line"
      >
        {buckets.map((one, at) => (
          <div
            key={one.at}
            onPointerEnter={() => setPointed(at)}
            className={cx("flex flex-1 flex-col justify-end px-px", at === pointed && "bg-raised")}
          >
            <Bar count={one.cancelled} highest={highest} look="bg-edge/60" />
            <Bar count={one.failed} highest={highest} look="bg-danger" />
            <Bar count={one.succeeded} highest={highest} look="bg-accent" />
          </div>
        ))}
      </div>
      <p aria-hidden="true" className="mt-1.5 flex justify-between text-xs text-faint tabular-nums">
        {edges.map((text, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an edge is its place.
          <span key={at}>{text}</span>
        ))}
      </p>
    </Card>
  );
}

function Bar({ count, highest, look }: { count: number; highest: number; look: string }) {
  if (count === 0) return null;
  // Even one among thousands is seen.
  return <div className={look} style={{ height: `max(3px, ${(count / highest) * 100}%)` }} />;
}

function Sign({ look, label, count }: { look: string; label: string; count: number }) {
  const format = useFormat();
  return (
    <li className="flex items-center gap-1.5">
      <span aria-hidden="true" className={cx("size-2 rounded-full", look)} />
      {label}
      <span className="font-medium text-ink tabular-nums">{format.number(count)}</span>
    </li>
  );
}
