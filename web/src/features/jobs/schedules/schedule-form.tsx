// The form of a schedule: its name, when it comes, and the job that it begins.
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type ProblemError, toProblem } from "@/api/problem";
import { Button, buttonLook } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { Section } from "@/ui/page";
import { toast } from "@/ui/toast";
import type { Schedule } from "../api";
import { changeSchedule, createSchedule } from "../calls";
import { useComplaints } from "../form/complaints";
import { useDraftGuard } from "../form/draft-guard";
import { FormProblem, useFocusOnWrong } from "../form/form-problem";
import { JobFields } from "../form/job-fields";
import { useRefresh } from "../use-jobs";
import { type ScheduleDraft, scheduleOf } from "./draft";
import { SecretDialog } from "./hook";
import { placesOf } from "./places";
import { MannerFields, WhenFields } from "./when-fields";

interface ScheduleFormProps {
  start: ScheduleDraft;
  /** The one that is changed. */
  schedule: Schedule | null;
}

export function ScheduleForm({ start, schedule }: ScheduleFormProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const refresh = useRefresh();
  const wrong = useFocusOnWrong();
  const [draft, setDraft] = useState(start);
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<{ id: string; secret: string } | null>(null);
  const set = (part: Partial<ScheduleDraft>) => setDraft((before) => ({ ...before, ...part }));
  const { guard, sent } = useDraftGuard(draft, schedule ? "save" : "send");
  const { schedule: wanted, faults } = scheduleOf(draft);
  const complaints = useComplaints(tried ? faults : null, problem);
  const jobFaults = new Map([...faults].filter(([place]) => place.startsWith("job.")).map(([p, f]) => [p.slice(4), f]));
  const jobComplaints = useComplaints(tried ? jobFaults : null, problem, "job.");

  async function submit() {
    setTried(true);
    setProblem(null);
    if (faults.size > 0) return wrong.isWrong();
    if (busy) return;
    setBusy(true);
    try {
      const saved = schedule
        ? { ...(await changeSchedule(schedule.id, wanted)), secret: null }
        : await createSchedule(wanted);
      sent();
      toast(t(schedule ? "common.saved" : "schedules.new.done"));
      await refresh();
      // The secret is told now or never.
      if (saved.secret) setMade({ id: saved.id, secret: saved.secret });
      else await navigate({ to: "/jobs/schedules/$id", params: { id: saved.id } });
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
      {made && (
        <SecretDialog
          secret={made.secret}
          onClose={() => void navigate({ to: "/jobs/schedules/$id", params: { id: made.id } })}
        />
      )}
      <FormProblem problem={problem} isWrong={tried && faults.size > 0} places={placesOf(draft)} />
      <Section title={t("schedules.when.title")}>
        <div className="grid gap-5">
          <Field label={t("jobs.name")} error={complaints.at("name")} className="sm:max-w-sm">
            <Input maxLength={128} value={draft.name} onChange={(event) => set({ name: event.target.value })} />
          </Field>
          <WhenFields draft={draft} set={set} complaints={complaints} was={schedule?.when.kind ?? null} />
          <MannerFields draft={draft} set={set} complaints={complaints} />
        </div>
      </Section>
      <JobFields
        draft={draft.job}
        set={(part) => setDraft((before) => ({ ...before, job: { ...before.job, ...part } }))}
        complaints={jobComplaints}
        isScheduled
      />
      <div className="flex flex-wrap justify-end gap-2">
        <Link
          to={schedule ? "/jobs/schedules/$id" : "/jobs/schedules"}
          params={{ id: schedule?.id ?? "" }}
          className={buttonLook("secondary")}
        >
          {t("common.cancel")}
        </Link>
        <Button type="submit" look="primary" busy={busy}>
          {t(schedule ? "common.save" : "schedules.new.save")}
        </Button>
      </div>
    </form>
  );
}
