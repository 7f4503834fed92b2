import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { browserTimeZone, useTimeZone } from "@/app/time-zone";
import { Card, Page } from "@/ui/page";
import { ErrorState, NoPermission } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import { scheduleQuery } from "../queries";
import { useJobWords } from "../words";
import { BackToSchedules } from "./back";
import { draftOf } from "./draft";
import { ScheduleForm } from "./schedule-form";

const route = getRouteApi("/signed-in/shell/jobs/schedules/$id/change");

export default function ChangeSchedulePage() {
  useJobWords();
  const { t } = useTranslation();
  const mayRun = useCan("jobs.run");
  return (
    <Page title={t("schedules.change.title")} above={<BackToSchedules />}>
      {mayRun ? <Loaded /> : <NoPermission />}
    </Page>
  );
}

function Loaded() {
  const { id } = route.useParams();
  const zone = useTimeZone() ?? browserTimeZone();
  const schedule = useQuery(scheduleQuery(id));
  if (schedule.data) return <ScheduleForm key={id} start={draftOf(schedule.data, zone)} schedule={schedule.data} />;
  return (
    <Card>
      {schedule.isPending ? <SkeletonRows /> : <ErrorState error={schedule.error} retry={() => schedule.refetch()} />}
    </Card>
  );
}
