// Cron expressions in words: one sentence where there is one, and each field by itself.
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import type { ScheduleWhen } from "../api";
import { type CronField, type Item, type Shape, shapeOf } from "./cron";

/** A Sunday, whatever the time zone. */
const SUNDAY = Date.UTC(2024, 8, 1);
const DAY_MS = 86_400_000;

export function useCronWords() {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const locale = i18n.language === "ar" ? "ar-u-nu-latn" : "en-GB";
  const month = new Intl.DateTimeFormat(locale, { month: "long", timeZone: "UTC" });
  const named = (field: CronField["name"], value: number) => {
    if (field === "weekday") return format.weekdayName(SUNDAY + value * DAY_MS);
    if (field === "month") return month.format(Date.UTC(2024, value - 1, 1));
    return format.number(value);
  };
  const item = (field: CronField["name"], one: Item): string => {
    if (one.kind === "all") return t(`schedules.cron.all_${field}`);
    if (one.kind === "last") return t("schedules.cron.last_day");
    if (one.kind === "value") return named(field, one.value);
    if (one.kind === "range") return range(named(field, one.from), named(field, one.to));
    if (one.from === null) return t("schedules.cron.step", { by: format.number(one.by) });
    return t("schedules.cron.step_from", {
      by: format.number(one.by),
      from: one.to === null ? named(field, one.from) : range(named(field, one.from), named(field, one.to)),
    });
  };
  const range = (from: string, to: string) => t("schedules.cron.range", { from, to });
  const list = (field: CronField["name"], items: Item[]) => format.list(items.map((one) => item(field, one)));
  const sentence = (expression: string): string | null => {
    const shape = shapeOf(expression);
    return shape && told(shape);
  };
  const told = (shape: Shape): string => {
    switch (shape.kind) {
      case "every_minute":
        return t("schedules.cron.every_minute");
      case "every_minutes":
        return t("schedules.cron.every_minutes", { count: shape.by });
      case "hourly":
        return t("schedules.cron.hourly", { minute: two(shape.minute) });
      case "every_hours":
        return t("schedules.cron.every_hours", { count: shape.by, minute: two(shape.minute) });
      case "daily":
        return t("schedules.cron.daily", { time: clock(shape) });
      case "weekdays":
        return t("schedules.cron.weekdays", { days: list("weekday", shape.days), time: clock(shape) });
      case "monthly":
        return t("schedules.cron.monthly", { days: list("day", shape.days), time: clock(shape) });
    }
  };
  return {
    sentence,
    field: ({ name, items }: CronField) => (items ? list(name, items) : null),
  };
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function clock({ hour, minute }: { hour: number; minute: number }): string {
  return `${two(hour)}:${two(minute)}`;
}

/** When a schedule comes, in one line, where there are words for it. */
export function useWhenWords() {
  const { t } = useTranslation();
  const cron = useCronWords();
  return (when: ScheduleWhen): string | null => {
    if (when.kind === "cron") return cron.sentence(when.expression);
    if (when.kind === "webhook") {
      const provider = providerNames[when.provider];
      return when.provider === "diwan" ? t("schedules.when.called") : t("schedules.when.webhook_of", { provider });
    }
    return t(`schedules.event.${eventKey(when.event)}`);
  };
}

export const providerNames = { diwan: "Diwan", github: "GitHub", gitlab: "GitLab", gitea: "Gitea" } as const;

export function eventKey(event: "job.ended" | "machine.joined" | "git.push") {
  return event.replace(".", "_") as "job_ended" | "machine_joined" | "git_push";
}
