// One job: where it stands, how its attempts went, what it says, and what was wanted.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { toProblem } from "@/api/problem";
import { useCan } from "@/app/me";
import { summary } from "@/features/machines/command/draft";
import { LabelList } from "@/features/machines/label-list";
import { Icon } from "@/ui/icon";
import { Card, Page } from "@/ui/page";
import { ErrorState, NoPermission } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import { Ago } from "@/ui/time";
import type { JobDetail } from "../api";
import { useKeptSearch } from "../list/board-search";
import { Priority } from "../list/job-table";
import { LogView } from "../log/log-view";
import { jobQuery } from "../queries";
import { JobStateBadge } from "../state";
import { labelTexts } from "../target-labels";
import { useJobWords } from "../words";
import { Artifacts } from "./artifacts";
import { Attempts } from "./attempts";
import { Dependencies } from "./dependencies";
import { Details } from "./details";
import { JobActions } from "./job-actions";
import { attemptsOf, hasLog } from "./lanes";
import { Standing } from "./standing";

const route = getRouteApi("/signed-in/shell/jobs/$id");

export default function JobPage() {
  useJobWords();
  const { t } = useTranslation();
  const mayRead = useCan("jobs.read");
  if (mayRead) return <Loaded />;
  return (
    <Page title={t("places.jobs")}>
      <NoPermission />
    </Page>
  );
}

function Loaded() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const job = useQuery(jobQuery(id));
  const gone = job.error !== null && toProblem(job.error).status === 404;
  if (job.data && !gone) return <Shown key={id} job={job.data} />;
  return (
    <Page title={t("places.jobs")} above={<Back />}>
      <Card>{job.isPending ? <SkeletonRows /> : <ErrorState error={job.error} retry={() => job.refetch()} />}</Card>
    </Page>
  );
}

function Shown({ job }: { job: JobDetail }) {
  const { t } = useTranslation();
  const search = route.useSearch();
  const attempts = attemptsOf(job);
  const shown = attempts.find(({ attempt }) => attempt === search.attempt) ?? attempts.at(-1);
  const what = summary(job.operation);
  return (
    <Page
      title={job.title}
      heading={
        job.name ? (
          <bdi className="wrap-anywhere">{job.name}</bdi>
        ) : (
          <bdi dir="ltr" className="font-mono text-lg tracking-normal wrap-anywhere">
            {job.title}
          </bdi>
        )
      }
      above={<Back />}
      lead={<Lead job={job} what={job.name ? what : null} />}
      actions={<JobActions job={job} />}
    >
      <Standing job={job} />
      {attempts.length > 0 && <Attempts job={job} attempts={attempts} shown={shown?.attempt} />}
      {shown?.command_id && hasLog(shown) && (
        <Card className="mb-6">
          <h2 className="sr-only">{t("commands.output.title")}</h2>
          <LogView
            key={shown.command_id}
            of={{ job: job.id, attempt: shown.attempt }}
            output={shown.output_bytes}
            errors={shown.error_bytes}
            startedAt={shown.started_at}
            isOver={shown.ended_at !== null}
          />
        </Card>
      )}
      <Artifacts job={job} attempt={shown?.attempt} />
      <Dependencies job={job} />
      <Details job={job} />
    </Page>
  );
}

function Lead({ job, what }: { job: JobDetail; what: string | null }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <span className="grid gap-2">
      {what && (
        <bdi dir="ltr" className="font-mono text-sm wrap-anywhere">
          {what}
        </bdi>
      )}
      <span role="status" className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <JobStateBadge job={job} />
        <Priority priority={job.priority} />
        <span>
          <bdi>{job.owner.name}</bdi>
        </span>
        <Ago at={job.created_at} />
        {job.schedule_id && (
          <Link
            to="/jobs/schedules/$id"
            params={{ id: job.schedule_id }}
            className="inline-flex items-center gap-1 rounded-sm text-accent underline-offset-2 hover:underline"
          >
            <Icon name="calendar" className="size-4" />
            {t("jobs.by_schedule")}
          </Link>
        )}
        <LabelList
          labels={labelTexts(job.labels)}
          onPick={(label) =>
            void navigate({ to: "/jobs", search: { label: label.includes("=") ? label : `${label}=` } })
          }
          pickTitle={(label) => t("jobs.pick_label", { label })}
        />
      </span>
    </span>
  );
}

function Back() {
  const { t } = useTranslation();
  return (
    <Link
      to="/jobs"
      search={useKeptSearch()}
      className="inline-flex min-h-7 items-center gap-1 rounded-sm text-sm text-muted hover:text-ink pointer-coarse:min-h-10"
    >
      <Icon name="chevron" className="size-4 rotate-180 rtl:rotate-180" />
      {t("jobs.back")}
    </Link>
  );
}
