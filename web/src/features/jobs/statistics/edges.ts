import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import type { StatisticsBucket, StatisticsWindow } from "../api";

/** When a bucket began, as short as the window lets it be. */
export function useEdge(window: StatisticsWindow) {
  const format = useFormat();
  return ({ at }: StatisticsBucket) => {
    const ms = new Date(at).getTime();
    if (window === "30d") return format.day(at);
    return window === "7d" ? `${format.weekday(ms)} ${format.time(ms)}` : format.time(ms);
  };
}

/** The line below a chart: its beginning, its middle and now. */
export function useEdges(buckets: StatisticsBucket[], window: StatisticsWindow): string[] {
  const { t } = useTranslation();
  const edge = useEdge(window);
  const [first, middle] = [buckets[0], buckets[Math.floor(buckets.length / 2)]];
  return [first ? edge(first) : "", middle ? edge(middle) : "", t("overview.activity.now")];
}
