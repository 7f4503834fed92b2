// What a job waits for, or why it did not do what was wanted, and what can be done about it.
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { isolated } from "@/features/machines/use-machines";
import { Notice } from "@/ui/notice";
import { Ago, Moment } from "@/ui/time";
import type { JobDetail } from "../api";

export function Standing({ job }: { job: JobDetail }) {
  if (job.state === "queued") return <Waits job={job} />;
  if (job.state === "cancelled" && job.reason === "dependency_failed") return <Failed job={job} />;
  if (job.state === "failed" || job.state === "timed_out" || job.state === "expired") return <Failed job={job} />;
  return null;
}

function Waits({ job }: { job: JobDetail }) {
  const { t } = useTranslation();
  const { waits_for: wait, due_at, deadline_at } = job;
  if (!wait) return null;
  const values = { queue: isolated(job.queue), key: isolated(job.concurrency?.key ?? "") };
  return (
    <Notice className="mb-6" title={t(`jobs.waits.${wait}`, values)}>
      {wait === "time" && due_at && (
        <p>
          <Moment at={due_at} /> · <Ago at={due_at} />
        </p>
      )}
      {job.attempt > 0 && job.reason && <p>{t("jobs.waits.after_failure")}</p>}
      {deadline_at && (
        <p>
          {t("jobs.waits.deadline")} <Moment at={deadline_at} />
        </p>
      )}
    </Notice>
  );
}

const advised = [
  "unknown_outcome",
  "refused",
  "needs_approval",
  "timeout",
  "queue_timeout",
  "not_started",
  "over_limit",
  "stopped",
  "never_arrived",
  "machine_lost",
  "dependency_failed",
  "exit_code",
  "signal",
] as const;

function Failed({ job }: { job: JobDetail }) {
  const { t } = useTranslation();
  const mayRun = useCan("commands.run");
  const reason = advised.find((one) => one === job.reason);
  const isPolicy = reason === "refused" || reason === "needs_approval";
  return (
    <Notice
      tone={job.state === "expired" || reason === "dependency_failed" ? "warn" : "danger"}
      className="mb-6"
      title={reason ? t(`jobs.reason.${reason}.title`) : t("jobs.reason.other")}
    >
      {reason && <p>{t(`jobs.reason.${reason}.text`)}</p>}
      {job.detail && (
        <bdi dir="ltr" lang="en" className="block wrap-anywhere">
          {job.detail}
        </bdi>
      )}
      {isPolicy && mayRun && job.command_id && (
        <Link
          to="/machines/commands/$id"
          params={{ id: job.command_id }}
          className="mt-1 inline-block rounded-sm text-accent underline underline-offset-2"
        >
          {t("jobs.open_command")}
        </Link>
      )}
      {job.dead_at && (
        <p className="mt-1">
          {t("jobs.dead.lies")} <Ago at={job.dead_at} />
        </p>
      )}
    </Notice>
  );
}
