import { cx } from "@/ui/cx";

interface LabelListProps {
  labels: string[];
  /** Asks for the machines that have the label too. */
  onPick?: ((label: string) => void) | undefined;
  pickTitle?: (label: string) => string;
  className?: string;
}

const look =
  "relative inline-flex max-w-full min-h-5.5 items-center rounded-sm border border-line bg-surface px-1.5 font-mono text-xs text-muted";

export function LabelList({ labels, onPick, pickTitle, className }: LabelListProps) {
  if (labels.length === 0) return null;
  return (
    <ul className={cx("flex min-w-0 flex-wrap gap-1", className)}>
      {labels.map((label) => (
        <li key={label} className="min-w-0 max-w-full">
          {onPick ? (
            <button
              type="button"
              dir="ltr"
              aria-label={pickTitle?.(label)}
              title={pickTitle?.(label)}
              onClick={() => onPick(label)}
              className={cx(look, "z-1 hover:border-edge hover:text-ink pointer-coarse:min-h-8")}
            >
              <span className="truncate">{label}</span>
            </button>
          ) : (
            <span dir="ltr" className={look}>
              <span className="truncate">{label}</span>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
