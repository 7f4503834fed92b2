import { useTranslation } from "react-i18next";
import { useTimeZone } from "@/app/time-zone";
import { makeFormat, useFormat } from "@/i18n/format";
import { useAgo } from "@/ui/time";
import type { ScheduleWhen } from "../api";
import { hasSeconds } from "./cron";

/** How far away a run is, and when that is in the time zone of the schedule. */
export function NextMoment({ at, when }: { at: string; when: ScheduleWhen }) {
  const { i18n } = useTranslation();
  const format = useFormat();
  const mine = useTimeZone();
  const ago = useAgo(at);
  const there = makeFormat(i18n.language, when.kind === "cron" ? when.time_zone : mine);
  return (
    <time dateTime={at} title={format.exact(at)} className="block whitespace-nowrap">
      <span className="block text-ink">{ago}</span>
      <span className="block text-faint tabular-nums">{hasSeconds(when) ? there.second(at) : there.moment(at)}</span>
    </time>
  );
}
