// A share of something, as a bar with its figure. The bar speaks by length; its colour only repeats that.
import { cx } from "@/ui/cx";

interface MeterProps {
  label: string;
  /** From 0 to 1. */
  share: number;
  text: string;
  /** The label stands in the heading of the column already. */
  hideLabel?: boolean;
  className?: string;
}

export function Meter({ label, share, text, hideLabel, className }: MeterProps) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <div className={cx("min-w-0", className)}>
      <p className="flex items-baseline justify-between gap-3 text-sm">
        <span className={cx("min-w-0 truncate text-muted", hideLabel && "sr-only")}>{label}</span>
        <bdi className="whitespace-nowrap tabular-nums">{text}</bdi>
      </p>
      {/* The browser's own meter brings colours of its own. */}
      {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
      <div
        role="meter"
        aria-label={label}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={text}
        className="mt-1 h-1.5 overflow-hidden rounded-full bg-raised"
      >
        <div
          className={cx("h-full rounded-full", percent >= 90 ? "bg-danger" : percent >= 75 ? "bg-warn" : "bg-accent")}
          style={{ width: `${percent}%` }}
        />
      </div>
    </div>
  );
}
