// What has to end before a job begins, and what waits for it.
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Section } from "@/ui/page";
import type { JobDetail, JobNeighbour } from "../api";
import { JobStateBadge } from "../state";

/** More are told by their number only. */
const MOST_SHOWN = 20;

export function Dependencies({ job }: { job: JobDetail }) {
  const { t } = useTranslation();
  const { dependencies, dependents } = job;
  if (dependencies.length + dependents.length === 0) return null;
  const when = new Map(job.after.map((after) => [after.job_id, after.when]));
  return (
    <Section title={t("jobs.chain.title")}>
      <div className="grid items-start gap-x-8 gap-y-5 md:grid-cols-2">
        <Chain
          title={t("jobs.chain.before")}
          jobs={dependencies}
          note={({ id }) => t(`jobs.chain.when_${when.get(id) ?? "succeeded"}`)}
        />
        <Chain title={t("jobs.chain.next")} jobs={dependents} />
      </div>
    </Section>
  );
}

interface ChainProps {
  title: string;
  jobs: JobNeighbour[];
  note?: (job: JobNeighbour) => string;
}

function Chain({ title, jobs, note }: ChainProps) {
  const { t } = useTranslation();
  const more = jobs.length - MOST_SHOWN;
  if (jobs.length === 0) return null;
  return (
    <div className="min-w-0">
      <h3 className="mb-2 text-sm font-medium text-muted">{title}</h3>
      <ul className="grid grid-cols-1 gap-2">
        {jobs.slice(0, MOST_SHOWN).map((job) => (
          <li
            key={job.id}
            className="relative flex min-w-0 items-center gap-3 rounded-md border border-line px-3 py-2 hover:bg-raised/50"
          >
            <span className="min-w-0 flex-1">
              <Link
                to="/jobs/$id"
                params={{ id: job.id }}
                dir="auto"
                className="block truncate rounded-sm font-medium after:absolute after:inset-0 hover:underline"
              >
                {job.title}
              </Link>
              {note && <span className="block text-sm text-faint">{note(job)}</span>}
            </span>
            <JobStateBadge job={job} />
          </li>
        ))}
      </ul>
      {more > 0 && <p className="mt-2 text-sm text-muted">{t("jobs.chain.more", { count: more })}</p>}
    </div>
  );
}
