// Numbers, dates and durations by Intl, in the person's language and time zone.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useTimeZone } from "@/app/time-zone";

export function useFormat() {
  const { i18n } = useTranslation();
  const timeZone = useTimeZone();
  return useMemo(() => makeFormat(i18n.language, timeZone), [i18n.language, timeZone]);
}

export function makeFormat(language: string, timeZone: string | undefined) {
  // Western digits in both languages: the people reading compare them with terminals and logs.
  const locale = language === "ar" ? "ar-u-nu-latn" : "en-GB";
  const number = new Intl.NumberFormat(locale);
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone });
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long", timeZone });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  return {
    number: (value: number) => number.format(value),
    day: (at: string) => day.format(new Date(at)),
    moment: (at: string) => moment.format(new Date(at)),
    exact: (at: string) => exact.format(new Date(at)),
    ago: (at: string, now = Date.now()) => {
      const [value, unit] = nearestUnit((new Date(at).getTime() - now) / 1000);
      return relative.format(value, unit);
    },
    duration: (seconds: number) => {
      const [value, unit] = nearestUnit(Math.max(seconds, 1));
      return unitFormat(locale, unit).format(Math.abs(value));
    },
    bytes: (bytes: number) => {
      const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
      const power = Math.min(Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1000)), units.length - 1);
      return unitFormat(locale, units[power] ?? "byte", "short").format(bytes / 1000 ** power);
    },
  };
}

function unitFormat(locale: string, unit: string, unitDisplay: "long" | "short" = "long") {
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay, maximumFractionDigits: 1 });
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
