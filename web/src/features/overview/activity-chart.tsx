// Bars over time. They are boxes in a row, not a drawing, so that in Arabic time runs from right to left by itself.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { cx } from "@/ui/cx";
import type { Activity, Bucket } from "./activity-buckets";
import type { Range } from "./activity-query";

interface ActivityChartProps {
  activity: Activity;
  range: Range;
}

export function ActivityChart({ activity, range }: ActivityChartProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const [pointed, setPointed] = useState<number | null>(null);
  const { buckets, total, not_done } = activity;
  const highest = Math.max(4, ...buckets.map((one) => one.done + one.not_done));
  const one = pointed === null ? undefined : buckets[pointed];
  const edge = (at: number) => (range === "day" ? format.time(at) : format.weekday(at));
  const middle = buckets[Math.floor(buckets.length / 2)];
  const cut = activity.counted_since > (buckets[0]?.from ?? 0);
  return (
    <div className="min-w-0 p-5">
      <div className="flex min-h-12 flex-wrap items-start justify-between gap-x-6 gap-y-2">
        <p>
          <span className="block text-xl font-semibold tracking-tight tabular-nums">
            {format.number(one ? one.done + one.not_done : total)}
          </span>
          <span className="block text-sm text-faint">
            {one ? <Hours bucket={one} range={range} /> : t(`overview.activity.in_${range}`, { count: total })}
          </span>
        </p>
        <ul className="flex gap-4 text-sm text-muted">
          <Legend look="bg-accent" label={t("audit.outcome_ok")} count={one ? one.done : total - not_done} />
          <Legend look="bg-danger" label={t("overview.activity.not_done")} count={one ? one.not_done : not_done} />
        </ul>
      </div>
      <div
        role="img"
        aria-label={t(`overview.activity.picture_${range}`, { done: total - not_done, not_done })}
        onPointerLeave={() => setPointed(null)}
        className="mt-4 flex h-36 items-stretch border-b border-line"
      >
        {buckets.map((bucket, at) => (
          <div
            key={bucket.from}
            onPointerEnter={() => setPointed(at)}
            className={cx("flex flex-1 flex-col justify-end px-px sm:px-0.5", at === pointed && "bg-raised")}
          >
            {bucket.done + bucket.not_done === 0 && <div className="h-0.5 bg-line" />}
            <Bar count={bucket.not_done} highest={highest} look="bg-danger rounded-t-xs" />
            <Bar count={bucket.done} highest={highest} look={cx("bg-accent", !bucket.not_done && "rounded-t-xs")} />
          </div>
        ))}
      </div>
      <p aria-hidden="true" className="mt-1.5 flex justify-between text-xs text-faint tabular-nums">
        <span>{buckets[0] && edge(buckets[0].from)}</span>
        <span>{middle && edge(middle.from)}</span>
        <span>{t("overview.activity.now")}</span>
      </p>
      {cut && (
        <p className="mt-2 text-sm text-faint">
          {t("overview.activity.cut", {
            count: total,
            since: format.moment(new Date(activity.counted_since).toISOString()),
          })}
        </p>
      )}
    </div>
  );
}

function Bar({ count, highest, look }: { count: number; highest: number; look: string }) {
  if (count === 0) return null;
  // Even one entry among thousands is seen.
  return <div className={look} style={{ height: `max(3px, ${(count / highest) * 100}%)` }} />;
}

function Hours({ bucket, range }: { bucket: Bucket; range: Range }) {
  const format = useFormat();
  const from =
    range === "day" ? format.time(bucket.from) : `${format.weekday(bucket.from)} ${format.time(bucket.from)}`;
  return (
    <bdi>
      {from} – {format.time(bucket.to)}
    </bdi>
  );
}

function Legend({ look, label, count }: { look: string; label: string; count: number }) {
  const format = useFormat();
  return (
    <li className="flex items-center gap-1.5">
      <span aria-hidden="true" className={cx("size-2 rounded-full", look)} />
      {label}
      <span className="font-medium text-ink tabular-nums">{format.number(count)}</span>
    </li>
  );
}
