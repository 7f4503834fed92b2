// What comes by itself: when, what, and how it went the last time.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { summary } from "@/features/machines/command/draft";
import { Badge } from "@/ui/badge";
import { buttonLook } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Card } from "@/ui/page";
import { EmptyState } from "@/ui/states";
import { type Column, Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import type { Schedule, ScheduleWhen } from "../api";
import { JobsFrame } from "../jobs-frame";
import { jobQuery, schedulesQuery } from "../queries";
import { JobStateBadge } from "../state";
import { useJobWords } from "../words";
import { useWhenWords } from "./cron-words";
import { NextMoment } from "./next-moment";
import { ScheduleMenu } from "./schedule-menu";

export default function SchedulesPage() {
  useJobWords();
  const { t } = useTranslation();
  const mayRun = useCan("jobs.run");
  return (
    <JobsFrame tab="schedules" lead={t("schedules.lead")} actions={mayRun && <NewLink />}>
      <Schedules />
    </JobsFrame>
  );
}

function NewLink() {
  const { t } = useTranslation();
  return (
    <Link to="/jobs/schedules/new" className={buttonLook("primary")}>
      <Icon name="plus" />
      {t("schedules.new.action")}
    </Link>
  );
}

function Schedules() {
  const { t } = useTranslation();
  const schedules = useInfiniteQuery(schedulesQuery);
  const mayRun = useCan("jobs.run");
  return (
    <Card>
      <ListState
        query={schedules}
        empty={
          <EmptyState icon="calendar" title={t("schedules.empty")} action={mayRun && <NewLink />}>
            {t("schedules.empty_text")}
          </EmptyState>
        }
      >
        {(items) => <ScheduleTable schedules={items} />}
      </ListState>
      <LoadMore query={schedules} />
    </Card>
  );
}

function ScheduleTable({ schedules }: { schedules: Schedule[] }) {
  const { t } = useTranslation();
  const when = useWhenWords();
  const columns: Column<Schedule>[] = [
    {
      key: "name",
      grows: true,
      heading: t("jobs.name"),
      cell: (schedule) => (
        <>
          <Link
            to="/jobs/schedules/$id"
            params={{ id: schedule.id }}
            className="block truncate rounded-sm font-medium after:absolute after:inset-0 hover:underline"
          >
            <bdi>{schedule.name}</bdi>
          </Link>
          <bdi dir="ltr" className="block truncate font-mono text-xs/5 text-faint rtl:text-end">
            {summary(schedule.job.operation)}
          </bdi>
        </>
      ),
    },
    {
      key: "when",
      heading: t("schedules.when.title"),
      className: "max-w-56 text-sm",
      cell: (schedule) => (
        <>
          <WhenText when={schedule.when} words={when(schedule.when)} />
          {schedule.when.kind === "cron" && (
            <bdi dir="ltr" className="block truncate text-faint rtl:text-end">
              {schedule.when.time_zone.replaceAll("_", " ")}
            </bdi>
          )}
        </>
      ),
    },
    {
      key: "next",
      heading: t("schedules.next.one"),
      className: "text-sm text-muted",
      cell: (schedule) => <Next schedule={schedule} />,
    },
    {
      key: "last",
      heading: t("schedules.last"),
      className: "text-sm text-muted",
      cell: (schedule) => <LastResult schedule={schedule} />,
    },
    {
      key: "menu",
      quiet: true,
      heading: t("common.actions"),
      className: "max-md:absolute max-md:end-3 max-md:top-2",
      cell: (schedule) => <ScheduleMenu schedule={schedule} />,
    },
  ];
  return <Table caption={t("places.schedules")} columns={columns} rows={schedules} rowKey={({ id }) => id} />;
}

/** In words, or as it was written where there are none. */
function WhenText({ when, words }: { when: ScheduleWhen; words: string | null }) {
  if (words) return <span className="block whitespace-normal md:w-max md:max-w-46">{words}</span>;
  return (
    <bdi dir="ltr" className="block truncate font-mono text-xs/5 rtl:text-end">
      {when.kind === "cron" && when.expression}
    </bdi>
  );
}

function Next({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  if (schedule.paused_at) return <Badge tone="warn">{t("jobs.queues.paused")}</Badge>;
  return schedule.next_at ? <NextMoment at={schedule.next_at} when={schedule.when} /> : <>—</>;
}

function LastResult({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  const job = useQuery({ ...jobQuery(schedule.last_job_id ?? ""), enabled: schedule.last_job_id !== null });
  if (!schedule.last_fired_at) return <span className="text-faint">{t("schedules.never")}</span>;
  return (
    <span className="grid justify-items-start gap-0.5">
      {job.data && (
        <Link to="/jobs/$id" params={{ id: job.data.id }} className="relative z-1 rounded-sm hover:underline">
          <JobStateBadge job={job.data} />
        </Link>
      )}
      <Ago at={schedule.last_fired_at} />
    </span>
  );
}
