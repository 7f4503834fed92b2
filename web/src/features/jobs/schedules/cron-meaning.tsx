// What a cron expression means: each field in words below what was written of it.
import { useTranslation } from "react-i18next";
import { cronFields } from "./cron";
import { useCronWords } from "./cron-words";

export function CronMeaning({ expression }: { expression: string }) {
  const { t } = useTranslation();
  const words = useCronWords();
  const fields = cronFields(expression);
  if (!fields) return <p className="text-sm text-muted">{t("schedules.cron.fields")}</p>;
  return (
    <dl
      aria-live="polite"
      className="grid auto-cols-fr grid-flow-row grid-cols-2 gap-px overflow-hidden rounded-md border border-line bg-line sm:grid-flow-col sm:grid-cols-none"
    >
      {fields.map((field) => (
        <div
          key={field.name}
          className="min-w-0 bg-surface px-2.5 py-2 text-sm max-sm:[&:last-child:nth-child(odd)]:col-span-2"
        >
          <dt className="flex items-baseline justify-between gap-2 text-xs text-faint">
            {t(`schedules.cron.${field.name}`)}
            <bdi dir="ltr" className="truncate font-mono">
              {field.text}
            </bdi>
          </dt>
          <dd className="mt-0.5 wrap-anywhere">{words.field(field) ?? "—"}</dd>
        </div>
      ))}
    </dl>
  );
}
