// How much was done lately and by whom, counted from the audit log.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Choice } from "@/ui/choice";
import { Card } from "@/ui/page";
import { ErrorState } from "@/ui/problem";
import { Skeleton } from "@/ui/states";
import { ActivityChart } from "./activity-chart";
import { activityQuery, type Range } from "./activity-query";
import { MostActive } from "./most-active";

export function ActivityCard() {
  const { t } = useTranslation();
  const [range, setRange] = useState<Range>("day");
  const activity = useQuery({ ...activityQuery(range), placeholderData: keepPreviousData });
  return (
    <Card>
      <header className="flex items-center justify-between gap-4 border-b border-line px-5 py-3">
        <h2 className="font-semibold">{t("overview.activity.title")}</h2>
        <Choice
          label={t("overview.activity.range")}
          value={range}
          options={[
            { value: "day", label: t("overview.activity.day") },
            { value: "week", label: t("overview.activity.week") },
          ]}
          onChange={setRange}
        />
      </header>
      {activity.isError && !activity.data && (
        <ErrorState error={activity.error} retry={() => void activity.refetch()} />
      )}
      {activity.isPending && <Waiting />}
      {activity.data && (
        <div className="grid lg:grid-cols-[1fr_17rem]">
          <ActivityChart activity={activity.data} range={range} />
          <MostActive activity={activity.data} />
        </div>
      )}
    </Card>
  );
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("common.loading")} className="grid gap-5 p-5 lg:grid-cols-[1fr_15rem] lg:gap-10">
      <Skeleton className="h-52" />
      <div className="hidden content-start gap-4 lg:grid">
        <Skeleton className="h-3.5 w-24" />
        <Skeleton className="h-3.5" />
        <Skeleton className="h-3.5" />
        <Skeleton className="h-3.5 w-2/3" />
      </div>
    </div>
  );
}
