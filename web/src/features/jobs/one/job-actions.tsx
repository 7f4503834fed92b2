// What can be done about a job: stop it, try it again, begin another like it.
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { Button, buttonLook, IconButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Icon } from "@/ui/icon";
import { Menu, MenuItem } from "@/ui/menu";
import { useProblemText } from "@/ui/problem";
import { toast } from "@/ui/toast";
import type { JobDetail } from "../api";
import { cancelJob, dismissDeadLetters, retryJob } from "../calls";
import { isOpen } from "../state";
import { useMayChange, useRefresh } from "../use-jobs";

export function JobActions({ job }: { job: JobDetail }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const mayRun = useCan("jobs.run");
  const mayChange = useMayChange(job.owner);
  return (
    <>
      {mayChange && (isOpen(job) ? <Cancel job={job} /> : <Again job={job} />)}
      {mayRun && (
        // On a phone the menu is not alone in a line.
        <span className="flex gap-1 sm:gap-2">
          <Link to="/jobs/new" search={{ like: job.id }} className={buttonLook("secondary")}>
            <Icon name="copy" />
            {t("jobs.rerun")}
          </Link>
          <Menu trigger={<IconButton icon="more" label={t("common.actions")} />}>
            <MenuItem icon="link" onSelect={() => void navigate({ to: "/jobs/new", search: { after: job.id } })}>
              {t("jobs.then")}
            </MenuItem>
            <MenuItem
              icon="calendar"
              onSelect={() => void navigate({ to: "/jobs/schedules/new", search: { like: job.id } })}
            >
              {t("jobs.make_schedule")}
            </MenuItem>
          </Menu>
        </span>
      )}
    </>
  );
}

function Cancel({ job }: { job: JobDetail }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [isAsking, setAsking] = useState(false);
  async function cancel() {
    await cancelJob(job.id);
    await refresh();
  }
  return (
    <>
      <Button icon="stop" disabled={job.cancel_asked_at !== null} onClick={() => setAsking(true)}>
        {t(job.cancel_asked_at ? "jobs.state.stopping" : "jobs.cancel.action")}
      </Button>
      {isAsking && (
        <Confirm
          title={t("jobs.cancel.title")}
          action={t("jobs.cancel.action")}
          run={cancel}
          onClose={() => setAsking(false)}
        >
          {t(job.state === "queued" ? "jobs.cancel.waiting" : "jobs.cancel.under_way")}
        </Confirm>
      )}
    </>
  );
}

/** The same job, tried once more; what may have been done before is said first. */
function Again({ job }: { job: JobDetail }) {
  const { t } = useTranslation();
  const told = useProblemText();
  const refresh = useRefresh();
  const [isAsking, setAsking] = useState(false);
  const retry = useMutation({
    mutationFn: () => retryJob(job.id),
    onSuccess: () => toast(t("jobs.retry.done")),
    onError: (error) => toast(told(error), "danger"),
    onSettled: refresh,
  });
  const dismiss = useMutation({
    mutationFn: () => dismissDeadLetters({ ids: [job.id] }),
    onSuccess: () => toast(t("jobs.dead.dismissed", { count: 1 })),
    onError: (error) => toast(told(error), "danger"),
    onSettled: refresh,
  });
  const isUnsure = ["unknown_outcome", "given_up"].includes(job.reason ?? "") && !job.retry_safe;
  return (
    <>
      <Button
        look={job.state === "succeeded" ? "secondary" : "primary"}
        icon="refresh"
        busy={retry.isPending}
        onClick={() => (isUnsure || job.state === "succeeded" ? setAsking(true) : retry.mutate())}
      >
        {t("jobs.retry.action")}
      </Button>
      {job.dead_at && (
        <Button icon="check" busy={dismiss.isPending} onClick={() => dismiss.mutate()}>
          {t("jobs.dead.dismiss")}
        </Button>
      )}
      {isAsking && (
        <Confirm
          look={isUnsure ? "danger" : "primary"}
          title={t("jobs.retry.title")}
          action={t("jobs.retry.action")}
          run={() => retry.mutateAsync()}
          onClose={() => setAsking(false)}
        >
          {t(isUnsure ? "jobs.retry.unsure" : "jobs.retry.succeeded")}
        </Confirm>
      )}
    </>
  );
}
