// Numbers, dates and durations by Intl, in the person's language and time zone.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useTimeZone } from "@/app/time-zone";

export function useFormat() {
  const { i18n } = useTranslation();
  const timeZone = useTimeZone();
  return useMemo(() => makeFormat(i18n.language, timeZone), [i18n.language, timeZone]);
}

export type Format = ReturnType<typeof makeFormat>;

export function makeFormat(language: string, timeZone: string | undefined) {
  // Western digits in both languages: the people reading compare them with terminals and logs.
  const locale = language === "ar" ? "ar-u-nu-latn" : "en-GB";
  const number = new Intl.NumberFormat(locale);
  // The medium style of Arabic is figures alone, which readers of two scripts take for two different days.
  const date = { day: "numeric", month: language === "ar" ? "long" : "short", year: "numeric", timeZone } as const;
  const day = new Intl.DateTimeFormat(locale, date);
  const moment = new Intl.DateTimeFormat(locale, { ...date, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
  const toTheSecond = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone } as const;
  const clock = new Intl.DateTimeFormat(locale, toTheSecond);
  const second = new Intl.DateTimeFormat(locale, { ...date, ...toTheSecond });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: language === "ar" ? "long" : "short", timeZone });
  // Days that stand for themselves, whatever the time zone.
  const narrow = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" });
  const letter = new Intl.DateTimeFormat(locale, { weekday: "narrow", timeZone: "UTC" });
  const month = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric", timeZone: "UTC" });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long", hourCycle: "h23", timeZone });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const precise = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  const list = new Intl.ListFormat(locale, { type: "unit", style: "short" });
  const either = new Intl.ListFormat(locale, { type: "disjunction" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  return {
    number: (value: number) => number.format(value),
    day: (at: string) => day.format(new Date(at)),
    moment: (at: string) => moment.format(new Date(at)),
    second: (at: string) => second.format(new Date(at)),
    time: (at: number) => time.format(at),
    /** To the second. */
    clock: (at: number) => clock.format(at),
    weekday: (at: number) => weekday.format(at),
    weekdayName: (at: number) => narrow.format(at),
    weekdayLetter: (at: number) => letter.format(at),
    month: (at: number) => month.format(at),
    exact: (at: string) => exact.format(new Date(at)),
    list: (items: string[]) => list.format(items),
    /** One or the other of them. */
    either: (items: string[]) => either.format(items),
    ago: (at: string, now = Date.now()) => {
      const [value, unit] = nearestUnit((new Date(at).getTime() - now) / 1000);
      return relative.format(value, unit);
    },
    duration: (seconds: number) => {
      const [value, unit] = nearestUnit(Math.max(seconds, 1));
      return unitFormat(locale, unit).format(Math.abs(value));
    },
    days: (days: number) => unitFormat(locale, "day").format(days),
    /** How long something took, from milliseconds to hours. */
    took: (ms: number) => {
      if (ms < 1000) return unitFormat(locale, "millisecond", "short").format(ms);
      if (ms < 60_000) return unitFormat(locale, "second", "short").format(ms / 1000);
      if (ms < 7_200_000) return unitFormat(locale, "minute", "short").format(ms / 60_000);
      return unitFormat(locale, "hour", "short").format(ms / 3_600_000);
    },
    /** A length of time that somebody chose, in the largest unit that tells it whole, or in parts of a second. */
    span: (ms: number) => {
      if (ms < 1000) return unitFormat(locale, "millisecond").format(ms);
      const [unit, size] = spans.find(([, one]) => ms % one === 0) ?? (["second", 1000] as const);
      return unitFormat(locale, unit, "long", 3).format(ms / size);
    },
    percent: (share: number) => percent.format(share),
    /** A share that may be small. */
    share: (share: number) => precise.format(share),
    degrees: (celsius: number) => unitFormat(locale, "celsius", "short").format(celsius),
    bytes: (bytes: number) => (bytes < 1000 ? unitFormat(locale, "byte").format(bytes) : sized(locale, bytes, "")),
    /** So many bytes in a second. */
    rate: (bytes: number) => sized(locale, bytes, "-per-second"),
  };
}

const spans = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
] as const;

const sizes = ["kilobyte", "megabyte", "gigabyte", "terabyte"];

/** From kilobytes up: the short form of a byte has no plural. */
function sized(locale: string, bytes: number, per: "" | "-per-second"): string {
  const power = Math.min(Math.max(Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1000)), 1), sizes.length);
  return unitFormat(locale, `${sizes[power - 1] ?? "kilobyte"}${per}`, "short").format(bytes / 1000 ** power);
}

function unitFormat(locale: string, unit: string, unitDisplay: "long" | "short" = "long", maximumFractionDigits = 1) {
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay, maximumFractionDigits });
}

function nearestUnit(seconds: number): [number, "second" | "minute" | "hour" | "day" | "month" | "year"] {
  const size = Math.abs(seconds);
  if (size < 45) return [Math.round(seconds), "second"];
  if (size < 2700) return [Math.round(seconds / 60), "minute"];
  if (size < 79_200) return [Math.round(seconds / 3600), "hour"];
  if (size < 2_592_000) return [Math.round(seconds / 86_400), "day"];
  if (size < 31_536_000) return [Math.round(seconds / 2_592_000), "month"];
  return [Math.round(seconds / 31_536_000), "year"];
}
