import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { summary } from "@/features/machines/command/draft";
import { Badge } from "@/ui/badge";
import { type Column, Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import type { Job } from "../api";
import { Ran, Waited } from "../durations";
import { JobStateBadge } from "../state";
import { TargetText } from "../target";

interface JobTableProps {
  jobs: Job[];
  /** What stands beside the name of a job, as to choose it. */
  beside?: (job: Job) => React.ReactNode;
  /** Columns that take the place of all but the name. */
  instead?: Column<Job>[];
}

export function JobTable({ jobs, beside, instead }: JobTableProps) {
  const { t } = useTranslation();
  const usual: Column<Job>[] = [
    { key: "state", heading: t("machines.state"), cell: (job) => <JobStateBadge job={job} /> },
    {
      key: "where",
      heading: t("jobs.where"),
      className: "max-w-44 text-sm text-muted",
      cell: (job) => (
        <>
          <TargetText job={job} />
          {job.attempt > 1 && (
            <span className="block text-faint max-md:hidden">
              {t("jobs.attempt")} <AttemptCount job={job} />
            </span>
          )}
        </>
      ),
    },
    {
      key: "ran",
      heading: t("jobs.ran"),
      wideOnly: true,
      className: "text-sm text-muted tabular-nums",
      cell: (job) => <Times job={job} />,
    },
    {
      key: "at",
      heading: t("commands.issued"),
      className: "max-w-40 text-sm text-muted",
      cell: (job) => (
        <>
          <Ago at={job.ended_at ?? job.created_at} />
          <bdi className="block truncate text-faint max-md:hidden">{job.owner.name}</bdi>
        </>
      ),
    },
  ];
  const columns: Column<Job>[] = [
    {
      key: "name",
      grows: true,
      heading: t("jobs.name"),
      cell: (job) => (
        <div className="flex items-start gap-3.5">
          {beside?.(job)}
          <div className="min-w-0 flex-1">
            <NameLink job={job} />
          </div>
        </div>
      ),
    },
    ...(instead ?? usual),
  ];
  return <Table caption={t("places.jobs")} columns={columns} rows={jobs} rowKey={(job) => job.id} />;
}

/** How long it ran, and before that waited. */
function Times({ job }: { job: Job }) {
  const { t } = useTranslation();
  const [ran, waited] = [<Ran key="ran" job={job} />, <Waited key="waited" job={job} />];
  if (job.hold) return ran;
  return (
    <>
      <span className="block">{ran}</span>
      <span className="block text-faint">
        {t("jobs.waited")} {waited}
      </span>
    </>
  );
}

/** The name and what is done; a job without a name is called by what it does. */
function NameLink({ job }: { job: Job }) {
  const what = summary(job.operation);
  return (
    <>
      <span className="flex min-w-0 flex-wrap items-center gap-x-2">
        <Link
          to="/jobs/$id"
          params={{ id: job.id }}
          dir={job.name ? "auto" : "ltr"}
          className={`max-w-full truncate rounded-sm font-medium after:absolute after:inset-0 hover:underline ${job.name ? "" : "font-mono text-sm"}`}
        >
          {job.title}
        </Link>
        <Priority priority={job.priority} />
      </span>
      <span className="flex min-w-0 gap-x-2 text-sm text-faint">
        {job.name && (
          <bdi dir="ltr" className="min-w-0 truncate font-mono text-xs/5">
            {what}
          </bdi>
        )}
        {job.queue !== "default" && (
          <bdi dir="ltr" className="shrink-0">
            {job.queue}
          </bdi>
        )}
      </span>
    </>
  );
}

/** Said only where it is not the usual one. */
export function Priority({ priority }: { priority: number }) {
  const { t } = useTranslation();
  if (priority === 0) return null;
  return (
    <Badge tone={priority > 0 ? "accent" : "plain"}>
      <span className="sr-only">{t("jobs.priority")} </span>
      <bdi dir="ltr">{priority > 0 ? `+${priority}` : `−${-priority}`}</bdi>
    </Badge>
  );
}

export function AttemptCount({ job }: { job: Pick<Job, "attempt" | "most_tries"> }) {
  const most = Math.max(job.most_tries, job.attempt);
  if (job.attempt === 0) return <span className="text-faint">—</span>;
  return (
    <bdi dir="ltr" className={job.attempt > 1 ? "text-warn" : ""}>
      {job.attempt}/{most}
    </bdi>
  );
}
