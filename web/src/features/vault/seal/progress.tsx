import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";

interface ProgressProps {
  label: string;
  done: number;
  total: number;
  className?: string;
}

export function Progress({ label, done, total, className }: ProgressProps) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className={className}>
      <p className="mb-1.5 flex flex-wrap justify-between gap-x-4 text-sm">
        <span className="font-medium">{label}</span>
        <span className="text-muted">
          {t("vault.master.progress_of", { done: format.number(done), total: format.number(total) })}
        </span>
      </p>
      <progress
        aria-label={label}
        value={done}
        max={Math.max(total, 1)}
        className="block h-2 w-full appearance-none overflow-hidden rounded-full bg-raised [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-raised [&::-webkit-progress-value]:rounded-full [&::-webkit-progress-value]:bg-accent [&::-webkit-progress-value]:transition-all"
      />
    </div>
  );
}
