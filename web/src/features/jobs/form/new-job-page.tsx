// Begins a job: from nothing, or from one that there was.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type ProblemError, toProblem } from "@/api/problem";
import { useCan } from "@/app/me";
import { Button, buttonLook } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { Card, Page } from "@/ui/page";
import { ErrorState, NoPermission } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import { toast } from "@/ui/toast";
import type { JobDetail } from "../api";
import { createJob, rerunJob } from "../calls";
import { useKeptSearch } from "../list/board-search";
import { jobQuery } from "../queries";
import { useRefresh } from "../use-jobs";
import { useJobWords } from "../words";
import { useComplaints } from "./complaints";
import { draftOf, emptyDraft, type JobDraft, jobOf } from "./draft";
import { useDraftGuard } from "./draft-guard";
import { FormProblem, useFocusOnWrong } from "./form-problem";
import { JobFields } from "./job-fields";
import { placesOf } from "./places";
import { TargetVerdict } from "./target-verdict";

const route = getRouteApi("/signed-in/shell/jobs/new");

export default function NewJobPage() {
  useJobWords();
  const { t } = useTranslation();
  const { like } = route.useSearch();
  const mayRun = useCan("jobs.run");
  return (
    <Page
      title={t(like ? "jobs.new.again_title" : "jobs.new.title")}
      lead={t(like ? "jobs.new.again_lead" : "jobs.new.lead")}
      above={<Back like={like} />}
      narrow
    >
      {mayRun ? like ? <Again key={like} id={like} /> : <Fresh /> : <NoPermission />}
    </Page>
  );
}

function Back({ like }: { like: string | undefined }) {
  const { t } = useTranslation();
  const kept = useKeptSearch();
  const look =
    "inline-flex min-h-7 items-center gap-1 rounded-sm text-sm text-muted hover:text-ink pointer-coarse:min-h-10";
  const icon = <Icon name="chevron" className="size-4 rotate-180 rtl:rotate-180" />;
  return like ? (
    <Link to="/jobs/$id" params={{ id: like }} className={look}>
      {icon}
      {t("jobs.new.back_to_job")}
    </Link>
  ) : (
    <Link to="/jobs" search={kept} className={look}>
      {icon}
      {t("jobs.back")}
    </Link>
  );
}

function Fresh() {
  const { machine, after } = route.useSearch();
  const empty = emptyDraft();
  return (
    <Form
      start={{
        ...empty,
        target: machine ? { ...empty.target, kind: "machine", machine } : empty.target,
        after: after ? [{ job_id: after, when: "succeeded" }] : [],
      }}
      like={null}
    />
  );
}

function Again({ id }: { id: string }) {
  const job = useQuery(jobQuery(id));
  if (job.data) return <Form start={draftOf(job.data)} like={job.data} />;
  return <Card>{job.isPending ? <SkeletonRows /> : <ErrorState error={job.error} retry={() => job.refetch()} />}</Card>;
}

function Form({ start, like }: { start: JobDraft; like: JobDetail | null }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const refresh = useRefresh();
  const wrong = useFocusOnWrong();
  const [draft, setDraft] = useState(start);
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const [busy, setBusy] = useState(false);
  const { guard, sent } = useDraftGuard(draft);
  const kept = useKeptSearch();
  const { job, faults } = jobOf(draft);
  const complaints = useComplaints(tried ? faults : null, problem);

  async function submit() {
    setTried(true);
    setProblem(null);
    if (faults.size > 0) return wrong.isWrong();
    if (busy) return;
    setBusy(true);
    try {
      const { id } = await (like ? rerunJob(like.id, job) : createJob(job));
      sent();
      toast(t("jobs.new.done"));
      void refresh();
      await navigate({ to: "/jobs/$id", params: { id } });
    } catch (caught) {
      setProblem(toProblem(caught));
      wrong.isWrong();
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      ref={wrong.form}
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {guard}
      <FormProblem problem={problem} isWrong={tried && faults.size > 0} places={placesOf(draft)} />
      <JobFields draft={draft} set={(part) => setDraft((before) => ({ ...before, ...part }))} complaints={complaints} />
      <TargetVerdict draft={draft} />
      <div className="flex flex-wrap justify-end gap-2">
        <Link
          to={like ? "/jobs/$id" : "/jobs"}
          params={{ id: like?.id ?? "" }}
          search={like ? {} : kept}
          className={buttonLook("secondary")}
        >
          {t("common.cancel")}
        </Link>
        <Button type="submit" look="primary" icon="play" busy={busy}>
          {t("jobs.new.start")}
        </Button>
      </div>
    </form>
  );
}
