import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { browserTimeZone, useTimeZone } from "@/app/time-zone";
import { Card, Page } from "@/ui/page";
import { ErrorState, NoPermission } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import { draftOf as jobDraftOf } from "../form/draft";
import { jobQuery } from "../queries";
import { useJobWords } from "../words";
import { BackToSchedules } from "./back";
import { emptyDraft } from "./draft";
import { ScheduleForm } from "./schedule-form";

const route = getRouteApi("/signed-in/shell/jobs/schedules/new");

export default function NewSchedulePage() {
  useJobWords();
  const { t } = useTranslation();
  const { like } = route.useSearch();
  const zone = useTimeZone() ?? browserTimeZone();
  const mayRun = useCan("jobs.run");
  return (
    <Page title={t("schedules.new.title")} lead={t("schedules.new.lead")} above={<BackToSchedules />}>
      {!mayRun ? (
        <NoPermission />
      ) : like ? (
        <Like id={like} zone={zone} />
      ) : (
        <ScheduleForm start={emptyDraft(zone)} schedule={null} />
      )}
    </Page>
  );
}

function Like({ id, zone }: { id: string; zone: string }) {
  const job = useQuery(jobQuery(id));
  if (job.data) {
    const start = { ...emptyDraft(zone), name: job.data.name ?? "", job: jobDraftOf(job.data) };
    return <ScheduleForm start={start} schedule={null} />;
  }
  return <Card>{job.isPending ? <SkeletonRows /> : <ErrorState error={job.error} retry={() => job.refetch()} />}</Card>;
}
