// What was decided about a job, in words; what is as usual is not said.
import { useTranslation } from "react-i18next";
import { isolated } from "@/features/machines/use-machines";
import { useFormat } from "@/i18n/format";
import type { JobSpec } from "../api";
import { limits, limitTexts } from "../form/limits";

export interface Told {
  label: string;
  text: string;
}

export function useSpecWords() {
  const { t } = useTranslation();
  const format = useFormat();
  const span = (ms: number) => format.span(ms);
  return (job: JobSpec): Told[] => {
    const { retry, lost, concurrency } = job;
    const told: Told[] = [];
    const tell = (label: string, text: string) => told.push({ label, text });
    if (retry.attempts > 1 && retry.on.length > 0) {
      const on = format.either(retry.on.map((one) => t(`jobs.form.retry_on.${one}`)));
      const pause = span(retry.delay_ms);
      tell(
        t("jobs.form.retries"),
        t(retry.factor > 1 ? "jobs.details.retries_growing" : "jobs.details.retries", {
          attempts: format.number(retry.attempts),
          pause,
          most: span(retry.max_delay_ms),
          on,
        }),
      );
    }
    tell(t("jobs.details.twice"), t(job.retry_safe ? "jobs.details.twice_yes" : "jobs.details.twice_no"));
    if (job.timeout_ms !== null) tell(t("jobs.form.timeout"), span(job.timeout_ms));
    const held = limitTexts(job.limits ?? {});
    for (const limit of limits) {
      if (held[limit]) tell(t(`jobs.form.limit.${limit}`), format.number(Number(held[limit])));
    }
    if (job.queue_timeout_ms !== null) tell(t("jobs.form.queue_timeout"), span(job.queue_timeout_ms));
    if (job.not_before) tell(t("jobs.form.not_before"), format.moment(job.not_before));
    if (concurrency) {
      tell(
        t("jobs.form.concurrency"),
        t("jobs.details.concurrency", { key: isolated(concurrency.key), count: concurrency.limit }),
      );
    }
    tell(t("jobs.form.lost"), t(`jobs.details.lost_${lost.policy}`, { after: span(lost.after_ms) }));
    return told;
  };
}
