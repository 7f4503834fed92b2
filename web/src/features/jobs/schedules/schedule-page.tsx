// One schedule: when it comes next, how it is called from outside, and what it began.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { toProblem } from "@/api/problem";
import { useCan } from "@/app/me";
import { placeOf, summary } from "@/features/machines/command/draft";
import { Code, Fact, Facts } from "@/features/vault/facts";
import { useFormat } from "@/i18n/format";
import { Badge } from "@/ui/badge";
import { Button, buttonLook } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Notice } from "@/ui/notice";
import { Card, Page, Section } from "@/ui/page";
import { ErrorState, NoPermission } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import type { Schedule } from "../api";
import { JobTable } from "../list/job-table";
import { scheduleQuery, scheduleRunsQuery } from "../queries";
import { WhereTo } from "../target";
import { useMayChange } from "../use-jobs";
import { useJobWords } from "../words";
import { BackToSchedules } from "./back";
import { useWhenWords } from "./cron-words";
import { Hook } from "./hook";
import { NextMoment } from "./next-moment";
import { NextRuns } from "./next-runs";
import { ScheduleMenu, useScheduleActs } from "./schedule-menu";

const route = getRouteApi("/signed-in/shell/jobs/schedules/$id");

export default function SchedulePage() {
  useJobWords();
  const { t } = useTranslation();
  const mayRead = useCan("jobs.read");
  if (mayRead) return <Loaded />;
  return (
    <Page title={t("places.schedules")}>
      <NoPermission />
    </Page>
  );
}

function Loaded() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const schedule = useQuery(scheduleQuery(id));
  const gone = schedule.error !== null && toProblem(schedule.error).status === 404;
  if (schedule.data && !gone) return <Shown key={id} schedule={schedule.data} />;
  return (
    <Page title={t("places.schedules")} above={<BackToSchedules />}>
      <Card>
        {schedule.isPending ? <SkeletonRows /> : <ErrorState error={schedule.error} retry={() => schedule.refetch()} />}
      </Card>
    </Page>
  );
}

function Shown({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  return (
    <Page
      title={schedule.name}
      heading={<bdi className="wrap-anywhere">{schedule.name}</bdi>}
      above={<BackToSchedules />}
      lead={<Lead schedule={schedule} />}
      actions={<Actions schedule={schedule} />}
    >
      {schedule.trouble && (
        <Notice tone="warn" className="mb-6" title={t("schedules.trouble")}>
          <bdi dir="ltr" lang="en">
            {schedule.trouble}
          </bdi>
        </Notice>
      )}
      {schedule.when.kind === "cron" && !schedule.paused_at ? (
        <div className="mb-6 grid items-start gap-6 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] [&>section]:mb-0">
          <About schedule={schedule} />
          <NextRuns when={schedule.when} />
        </div>
      ) : (
        <About schedule={schedule} />
      )}
      {schedule.when.kind === "webhook" && schedule.hook_url && (
        <Hook schedule={schedule} url={schedule.hook_url} provider={schedule.when.provider} />
      )}
      <Runs id={schedule.id} />
    </Page>
  );
}

function Lead({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  const when = useWhenWords();
  const words = when(schedule.when);
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
      {schedule.paused_at && <Badge tone="warn">{t("jobs.queues.paused")}</Badge>}
      {words && <span>{words}</span>}
      {schedule.when.kind === "cron" && (
        <bdi dir="ltr" className="font-mono text-sm">
          {schedule.when.expression} · {schedule.when.time_zone.replaceAll("_", " ")}
        </bdi>
      )}
    </span>
  );
}

function Actions({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  const mayChange = useMayChange(schedule.owner);
  const { run, pause } = useScheduleActs(schedule);
  if (!mayChange) return null;
  return (
    <>
      <Button look="primary" icon="play" busy={run.isPending} onClick={() => run.mutate()}>
        {t("schedules.run.action")}
      </Button>
      <Button icon={schedule.paused_at ? "calendar" : "pause"} busy={pause.isPending} onClick={() => pause.mutate()}>
        {t(schedule.paused_at ? "schedules.resume.action" : "schedules.pause.action")}
      </Button>
      {/* On a phone the menu is not alone in a line. */}
      <span className="flex gap-1 sm:gap-2">
        <Link to="/jobs/schedules/$id/change" params={{ id: schedule.id }} className={buttonLook("secondary")}>
          <Icon name="pencil" />
          {t("schedules.change.action")}
        </Link>
        <ScheduleMenu schedule={schedule} />
      </span>
    </>
  );
}

function About({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { when, job } = schedule;
  const place = placeOf(job.operation);
  return (
    <Section title={t("jobs.details.title")}>
      <Facts>
        <Fact label={t("jobs.form.what")}>
          <Code>{summary(job.operation)}</Code>
        </Fact>
        <Fact label={t("jobs.where")}>
          <WhereTo target={job.target} />
        </Fact>
        {place && (
          <Fact label={t("commands.place")}>
            <Code>{place}</Code>
          </Fact>
        )}
        <Fact label={t("jobs.queue")}>
          <bdi dir="ltr">{job.queue}</bdi>
        </Fact>
        {schedule.next_at && !schedule.paused_at && (
          <Fact label={t("schedules.next.one")}>
            <NextMoment at={schedule.next_at} when={when} />
          </Fact>
        )}
        {when.kind === "cron" && (
          <Fact label={t("schedules.missed.title")}>{t(`schedules.missed.${schedule.missed}`)}</Fact>
        )}
        <Fact label={t("schedules.overlap.title")}>{t(`schedules.overlap.${schedule.overlap}`)}</Fact>
        {when.kind === "cron" && when.jitter_ms > 0 && (
          <Fact label={t("schedules.jitter")}>{format.span(when.jitter_ms)}</Fact>
        )}
        {when.kind === "webhook" && when.branch && (
          <Fact label={t("commands.field.branch")}>
            <Code>{when.branch}</Code>
          </Fact>
        )}
        {when.kind === "event" && Object.keys(when.filter).length > 0 && (
          <Fact label={t("schedules.event.filter")}>
            {Object.entries(when.filter).map(([key, value]) => (
              <span key={key} className="block">
                <Code>
                  {key}={value}
                </Code>
              </span>
            ))}
          </Fact>
        )}
        <Fact label={t("commands.actor")}>
          <bdi>{schedule.owner.name}</bdi>
        </Fact>
      </Facts>
    </Section>
  );
}

function Runs({ id }: { id: string }) {
  const { t } = useTranslation();
  const runs = useInfiniteQuery(scheduleRunsQuery(id));
  return (
    <Section title={t("schedules.runs")}>
      <div className="-mx-5 -mb-5 border-t border-line">
        <ListState query={runs} rows={3} empty={<p className="p-5 text-muted">{t("schedules.never")}</p>}>
          {(items) => <JobTable jobs={items} />}
        </ListState>
        <LoadMore query={runs} />
      </div>
    </Section>
  );
}
