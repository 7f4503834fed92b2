// What a job waits for, or why it did not do what was wanted, and what can be done about it.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { allMachinesQuery } from "@/features/machines/queries";
import { isThere } from "@/features/machines/state";
import { isolated } from "@/features/machines/use-machines";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Notice } from "@/ui/notice";
import { Ago, Moment } from "@/ui/time";
import type { JobDetail } from "../api";
import { cancelJob } from "../calls";
import { detailOf } from "../detail";
import { useMayChange, useRefresh } from "../use-jobs";

export function Standing({ job }: { job: JobDetail }) {
  if (job.state === "queued") return <Waits job={job} />;
  if (job.state === "leased" || job.state === "running") return <Away job={job} />;
  if (job.state === "cancelled" && job.reason !== "cancelled") return <Failed job={job} />;
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

/** Its machine is not connected: what becomes of it, for nothing is heard of it meanwhile. */
function Away({ job }: { job: JobDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const machines = useQuery({ ...allMachinesQuery, enabled: useCan("machines.read") }).data?.items;
  const machine = machines?.find(({ id }) => id === job.machine_id);
  if (!machine || isThere(machine)) return null;
  const after = format.span(job.lost.after_ms);
  return (
    <Notice tone="warn" live className="mb-6" title={t("jobs.away.title", { machine: isolated(machine.name) })}>
      <p>{t("jobs.away.text")}</p>
      {job.lost.policy !== "wait" && <p>{t(`jobs.away.${job.lost.policy}`, { after })}</p>}
      <GiveUp job={job} />
    </Notice>
  );
}

/** Ends a job although its machine cannot be told. */
function GiveUp({ job }: { job: JobDetail }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [isAsking, setAsking] = useState(false);
  async function giveUp() {
    await cancelJob(job.id, { give_up: true });
    await refresh();
  }
  if (!useMayChange(job.owner)) return null;
  return (
    <>
      <Button icon="stop" className="mt-2" onClick={() => setAsking(true)}>
        {t("jobs.away.give_up")}
      </Button>
      {isAsking && (
        <Confirm
          look="danger"
          title={t("jobs.away.give_up_title")}
          action={t("jobs.away.give_up")}
          run={giveUp}
          onClose={() => setAsking(false)}
        >
          {t("jobs.away.give_up_text")}
        </Confirm>
      )}
    </>
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
  "machine_revoked",
  "owner_gone",
  "given_up",
  "secret_denied",
  "secret_unknown",
  "secret_unusable",
  "bridge_too_old",
  "dependency_failed",
  "exit_code",
  "signal",
] as const;

function Failed({ job }: { job: JobDetail }) {
  const { t } = useTranslation();
  const mayRun = useCan("commands.run");
  const reason = advised.find((one) => one === job.reason);
  const isPolicy = reason === "refused" || reason === "needs_approval";
  const detail = detailOf(job);
  return (
    <Notice
      tone={job.state === "expired" || job.state === "cancelled" ? "warn" : "danger"}
      className="mb-6"
      title={reason ? t(`jobs.reason.${reason}.title`) : t("jobs.reason.other")}
    >
      {reason && <p>{t(`jobs.reason.${reason}.text`)}</p>}
      {detail && (
        <bdi dir="ltr" lang="en" className="block wrap-anywhere">
          {detail}
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
          {t("jobs.dead.lies")} <Moment at={job.dead_at} />
        </p>
      )}
    </Notice>
  );
}
