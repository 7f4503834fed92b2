// How long something took: what half of the jobs stayed within, and what nineteen of twenty did. The drawing is
// mirrored where one reads from right to left, so that now is always at the end of the line of reading.
import { type PointerEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { roundUp } from "@/features/machines/one/series";
import { useFormat } from "@/i18n/format";
import { cx } from "@/ui/cx";
import type { StatisticsBucket, StatisticsWindow } from "../api";
import { useEdge, useEdges } from "./edges";
import { linesOf } from "./lines";

interface SpanChartProps {
  title: string;
  buckets: StatisticsBucket[];
  window: StatisticsWindow;
  middle: (bucket: StatisticsBucket) => number | null;
  high: (bucket: StatisticsBucket) => number | null;
}

const WIDTH = 600;
const HEIGHT = 100;
const stroke = { strokeWidth: 1.75, vectorEffect: "non-scaling-stroke", fill: "none" } as const;

export function SpanChart({ title, buckets, window, middle, high }: SpanChartProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const [pointed, setPointed] = useState<number | null>(null);
  const edge = useEdge(window);
  const edges = useEdges(buckets, window);
  const took = (ms: number | null | undefined) => (ms == null ? "—" : format.took(ms < 1000 ? Math.round(ms) : ms));
  const top = roundUp(Math.max(0, ...buckets.map((bucket) => high(bucket) ?? 0)), 100);
  const last = buckets.findLast((bucket) => middle(bucket) !== null);
  const one = pointed === null ? last : buckets[pointed];
  const lines = [
    { name: t("jobs.statistics.p95"), look: "warn" as const, of: high },
    { name: t("jobs.statistics.p50"), look: "accent" as const, of: middle },
  ];
  const strokes = { warn: "stroke-warn", accent: "stroke-accent" };
  const dots = { warn: "bg-warn", accent: "bg-accent" };

  function point(event: PointerEvent<HTMLDivElement>) {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    const isMirrored = getComputedStyle(event.currentTarget).direction === "rtl";
    const at = Math.floor((isMirrored ? 1 - share : share) * buckets.length);
    setPointed(Math.min(buckets.length - 1, Math.max(0, at)));
  }

  return (
    <figure className="min-w-0 rounded-lg border border-line bg-surface p-5">
      <figcaption className="flex min-h-11 flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <span>
          <span className="block font-medium">{title}</span>
          <span className="block text-sm text-faint">{one && edge(one)}</span>
        </span>
        <ul className="flex flex-wrap gap-x-4">
          {lines.toReversed().map(({ name, look, of }) => (
            <li key={name} className="text-end">
              <bdi className="block leading-tight font-semibold tracking-tight tabular-nums">
                {took(one ? of(one) : null)}
              </bdi>
              <span className="flex items-center justify-end gap-1.5 text-xs text-muted">
                <span aria-hidden="true" className={cx("size-2 rounded-full", dots[look])} />
                {name}
              </span>
            </li>
          ))}
        </ul>
      </figcaption>
      <p aria-hidden="true" className="mt-1.5 text-xs text-faint tabular-nums">
        <bdi>{took(top)}</bdi>
      </p>
      <div
        role="img"
        aria-label={t("machines.chart.picture", {
          title,
          words: format.list(lines.map(({ name, of }) => `${name} ${took(last ? of(last) : null)}`)),
        })}
        onPointerMove={point}
        onPointerLeave={() => setPointed(null)}
        className="relative mt-0.5 h-24 touch-pan-y border-b border-line"
      >
        <svg
          aria-hidden="true"
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          className="absolute inset-0 size-full rtl:-scale-x-100"
        >
          <path
            d={`M0 ${HEIGHT / 2}H${WIDTH}`}
            className="stroke-line"
            strokeDasharray="3 5"
            {...stroke}
            strokeWidth={1}
          />
          {lines.flatMap(({ name, look, of }) =>
            linesOf(buckets.map(of), top, WIDTH, HEIGHT).map((path) => (
              <path key={`${name} ${path}`} d={path} className={strokes[look]} strokeLinejoin="round" {...stroke} />
            )),
          )}
        </svg>
      </div>
      <p aria-hidden="true" className="mt-1 flex justify-between text-xs text-faint tabular-nums">
        {edges.map((text, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an edge is its place.
          <span key={at}>{text}</span>
        ))}
      </p>
    </figure>
  );
}
