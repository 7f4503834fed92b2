// A line over the last minutes. The drawing is mirrored where one reads from right to left, so that now is always at
// the end of the line of reading.
import { type PointerEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { nearest, type Point, SHOWN_MS, unbroken } from "./series";

interface Line {
  name: string;
  points: Point[];
  look: "first" | "second";
}

interface ChartProps {
  title: string;
  lines: Line[];
  /** The value at the upper edge. */
  top: number;
  write: (value: number) => string;
  now: number;
  /** What stands beside the figures. */
  beside?: string;
}

const WIDTH = 600;
const HEIGHT = 100;
const strokes = { first: "stroke-accent", second: "stroke-warn" };
const fills = { first: "fill-accent/12", second: "fill-none" };
const dots = { first: "bg-accent", second: "bg-warn" };

export function Chart({ title, lines, top, write, now, beside }: ChartProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const [pointed, setPointed] = useState<number | null>(null);
  const at = pointed ?? now;
  const from = now - SHOWN_MS;
  const shown = lines.map((line) => ({ ...line, point: nearest(line.points, at) }));
  const moment = pointed === null ? undefined : shown[0]?.point?.at;
  const words = shown.map(({ name, point }) => `${name} ${point ? write(point.value) : t("machines.chart.nothing")}`);

  function point(event: PointerEvent<HTMLDivElement>) {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    const isMirrored = getComputedStyle(event.currentTarget).direction === "rtl";
    setPointed(from + (isMirrored ? 1 - share : share) * SHOWN_MS);
  }

  return (
    <figure className="min-w-0 rounded-lg border border-line bg-surface p-4">
      <figcaption className="flex min-h-11 flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <span>
          <span className="block font-medium">{title}</span>
          <span className="block text-sm text-faint">{moment ? format.clock(moment) : beside}</span>
        </span>
        <ul className="flex flex-wrap gap-x-4">
          {shown.map(({ name, look, point: one }) => (
            <li key={name} className="text-end">
              <bdi
                className={cx(
                  "block leading-tight font-semibold tracking-tight tabular-nums",
                  lines.length > 1 ? "text-base" : "text-lg",
                )}
              >
                {one ? write(one.value) : "—"}
              </bdi>
              {lines.length > 1 && (
                <span className="flex items-center justify-end gap-1.5 text-xs text-muted">
                  <span aria-hidden="true" className={cx("size-2 rounded-full", dots[look])} />
                  {name}
                </span>
              )}
            </li>
          ))}
        </ul>
      </figcaption>
      {/* Above the drawing, so that it hides no value. */}
      <p aria-hidden="true" className="mt-1.5 text-xs text-faint tabular-nums">
        <bdi>{write(top)}</bdi>
      </p>
      <div
        role="img"
        aria-label={t("machines.chart.picture", { title, words: format.list(words) })}
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
          <path d={`M0 ${HEIGHT / 2}H${WIDTH}`} className="stroke-line" strokeDasharray="3 5" {...thin} />
          {lines.flatMap(({ name, points, look }) =>
            unbroken(points).map((part) => {
              const drawn = path(part, from, top);
              return (
                <g key={`${name} ${part[0]?.at}`}>
                  <path d={drawn.area} className={cx("stroke-none", fills[look])} />
                  <path d={drawn.line} fill="none" className={strokes[look]} strokeLinejoin="round" {...thick} />
                </g>
              );
            }),
          )}
          {moment && <path d={`M${x(moment, from)} 0V${HEIGHT}`} className="stroke-edge" {...thin} />}
        </svg>
      </div>
      <p aria-hidden="true" className="mt-1 flex justify-between text-xs text-faint">
        <span>{t("machines.chart.ten_minutes_ago")}</span>
        <span>{t("machines.chart.now")}</span>
      </p>
    </figure>
  );
}

const thin = { strokeWidth: 1, vectorEffect: "non-scaling-stroke" } as const;
const thick = { strokeWidth: 1.75, vectorEffect: "non-scaling-stroke" } as const;

function x(at: number, from: number): number {
  return round(((at - from) / SHOWN_MS) * WIDTH);
}

function path(points: Point[], from: number, top: number): { line: string; area: string } {
  const y = (value: number) => round(HEIGHT - (Math.min(value, top) / top) * (HEIGHT - 4));
  const steps = points.map((point) => `${x(point.at, from)} ${y(point.value)}`);
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return { line: "", area: "" };
  // A single point is a dot as wide as it is high.
  const line = points.length === 1 ? `M${steps[0]}h1.5` : `M${steps.join("L")}`;
  return { line, area: `${line}L${x(last.at, from)} ${HEIGHT}L${x(first.at, from)} ${HEIGHT}Z` };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
