// How a job is carried out: its turn, its time, how often it is tried, beside what it runs, and what becomes of it
// when its machine is lost.
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { Checkbox, Field, Input, Select } from "@/ui/field";
import { Notice } from "@/ui/notice";
import type { JobRetry, JobSpec } from "../api";
import { queuesQuery } from "../queries";
import { WideChoice } from "../wide-choice";
import type { JobDraft } from "./draft";
import type { PartProps } from "./job-fields";
import { pauses } from "./pauses";
import { SpanField } from "./span-field";

const pair = "grid items-start gap-4 sm:grid-cols-2";

export function TurnFields({ draft, set, complaints }: PartProps) {
  const { t } = useTranslation();
  const list = useId();
  const queues = useQuery(queuesQuery).data ?? [];
  return (
    <div className={pair}>
      <Field label={t("jobs.name")} optional hint={t("jobs.form.name_hint")} error={complaints.at("name")}>
        <Input maxLength={128} value={draft.name} onChange={(event) => set({ name: event.target.value })} />
      </Field>
      <Field label={t("jobs.queue")} hint={t("jobs.form.queue_hint")} error={complaints.at("queue")}>
        <Input
          code
          list={list}
          maxLength={64}
          placeholder="default"
          value={draft.queue}
          onChange={(event) => set({ queue: event.target.value })}
        />
      </Field>
      <datalist id={list}>
        {queues.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Field label={t("jobs.priority")} hint={t("jobs.form.priority_hint")} error={complaints.at("priority")}>
        <Input
          code
          type="number"
          min={-10}
          max={10}
          step={1}
          value={draft.priority}
          onChange={(event) => set({ priority: event.target.value })}
          className="max-w-28"
        />
      </Field>
      <Field label={t("machines.labels")} optional hint={t("jobs.form.labels_hint")} error={complaints.at("labels")}>
        <Input
          code
          maxLength={1000}
          placeholder="team=web, release"
          value={draft.labels}
          onChange={(event) => set({ labels: event.target.value })}
        />
      </Field>
    </div>
  );
}

const starts: JobDraft["start"][] = ["now", "later", "at"];

export function TimeFields({ draft, set, complaints, isScheduled }: PartProps & { isScheduled: boolean }) {
  const { t } = useTranslation();
  return (
    <>
      {!isScheduled && (
        <div className={pair}>
          <Field label={t("jobs.form.start")}>
            <Select
              value={draft.start}
              onChange={(event) => set({ start: starts.find((one) => one === event.target.value) ?? "now" })}
            >
              {starts.map((start) => (
                <option key={start} value={start}>
                  {t(`jobs.form.start_${start}`)}
                </option>
              ))}
            </Select>
          </Field>
          {draft.start === "later" && (
            <SpanField
              label={t("jobs.form.delay")}
              error={complaints.at("not_before")}
              value={draft.delay}
              onChange={(delay) => set({ delay })}
            />
          )}
          {draft.start === "at" && (
            <Field label={t("jobs.form.at")} hint={t("jobs.form.at_hint")} error={complaints.at("not_before")}>
              <Input
                dir="ltr"
                type="datetime-local"
                value={draft.at}
                onChange={(event) => set({ at: event.target.value })}
              />
            </Field>
          )}
        </div>
      )}
      <div className={pair}>
        <SpanField
          label={t("jobs.form.timeout")}
          optional
          hint={t("jobs.form.timeout_hint")}
          error={complaints.at("timeout_ms")}
          value={draft.timeout}
          onChange={(timeout) => set({ timeout })}
        />
        <SpanField
          label={t("jobs.form.queue_timeout")}
          optional
          hint={t("jobs.form.queue_timeout_hint")}
          error={complaints.at("queue_timeout_ms")}
          value={draft.queueTimeout}
          onChange={(queueTimeout) => set({ queueTimeout })}
        />
      </div>
    </>
  );
}

const reasons: JobRetry["on"] = ["failed", "timed_out", "lost"];

export function RetryFields({ draft, set, complaints }: PartProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const { retry } = draft;
  const change = (part: Partial<JobDraft["retry"]>) => set({ retry: { ...retry, ...part } });
  const isMany = Number(retry.attempts) > 1;
  const toggle = (one: JobRetry["on"][number]) =>
    change({ on: reasons.filter((reason) => (reason === one) !== retry.on.includes(reason)) });
  const shown = pauses(retry);
  const noReason = useId();
  const onError = complaints.at("retry.on");
  return (
    <>
      <div className={pair}>
        <Field
          label={t("jobs.form.attempts")}
          hint={t("jobs.form.attempts_hint")}
          error={complaints.at("retry.attempts")}
        >
          <Input
            code
            type="number"
            min={1}
            max={100}
            value={retry.attempts}
            onChange={(event) => change({ attempts: event.target.value })}
            className="max-w-28"
          />
        </Field>
        {isMany && (
          <SpanField
            label={t("jobs.form.pause")}
            error={complaints.at("retry.delay_ms")}
            value={retry.delay}
            onChange={(delay) => change({ delay })}
          />
        )}
        {isMany && (
          <Field label={t("jobs.form.factor")} hint={t("jobs.form.factor_hint")} error={complaints.at("retry.factor")}>
            <Input
              code
              inputMode="decimal"
              maxLength={5}
              value={retry.factor}
              onChange={(event) => change({ factor: event.target.value })}
              className="max-w-28"
            />
          </Field>
        )}
        {isMany && (
          <SpanField
            label={t("jobs.form.longest_pause")}
            error={complaints.at("retry.max_delay_ms")}
            value={retry.most}
            onChange={(most) => change({ most })}
          />
        )}
      </div>
      {isMany && (
        <>
          {shown.length > 0 && (
            <p aria-live="polite" className="text-sm text-muted">
              {t("jobs.form.pauses", { pauses: format.list(shown.map((ms) => format.took(ms))) })}
            </p>
          )}
          <fieldset>
            <legend className="mb-1 text-sm font-medium">{t("jobs.form.retry_when")}</legend>
            {reasons.map((reason) => (
              <Checkbox
                key={reason}
                label={t(`jobs.form.retry_on.${reason}`)}
                checked={retry.on.includes(reason)}
                onChange={() => toggle(reason)}
                {...(onError ? { "aria-invalid": true, "aria-describedby": noReason } : {})}
              />
            ))}
            {onError && (
              <p id={noReason} className="mt-1 text-sm text-danger">
                {onError}
              </p>
            )}
          </fieldset>
        </>
      )}
      {isMany && (
        <Checkbox
          label={t("jobs.form.jitter")}
          hint={t("jobs.form.jitter_hint")}
          checked={retry.jitter}
          onChange={(event) => change({ jitter: event.target.checked })}
        />
      )}
      <Checkbox
        label={t("jobs.form.retry_safe")}
        hint={t("jobs.form.retry_safe_hint")}
        checked={draft.retrySafe}
        onChange={(event) => set({ retrySafe: event.target.checked })}
      />
      <Notice>
        <p>{t("jobs.form.promise")}</p>
      </Notice>
    </>
  );
}

export function OrderFields({ draft, set, complaints }: PartProps) {
  const { t } = useTranslation();
  const { concurrency } = draft;
  const change = (part: Partial<JobDraft["concurrency"]>) => set({ concurrency: { ...concurrency, ...part } });
  return (
    <div className={pair}>
      <Field
        label={t("jobs.form.concurrency")}
        optional
        hint={t("jobs.form.concurrency_hint")}
        error={complaints.at("concurrency.key")}
      >
        <Input
          code
          maxLength={128}
          placeholder="deploy-shop"
          value={concurrency.key}
          onChange={(event) => change({ key: event.target.value })}
        />
      </Field>
      {concurrency.key.trim() && (
        <Field label={t("jobs.form.concurrency_limit")} error={complaints.at("concurrency.limit")}>
          <Input
            code
            type="number"
            min={1}
            max={1000}
            value={concurrency.limit}
            onChange={(event) => change({ limit: event.target.value })}
            className="max-w-28"
          />
        </Field>
      )}
    </div>
  );
}

const policies: JobSpec["lost"]["policy"][] = ["wait", "fail", "move"];

export function LostFields({ draft, set, complaints }: PartProps) {
  const { t } = useTranslation();
  const { lost } = draft;
  return (
    <>
      <WideChoice
        label={t("jobs.form.lost")}
        value={lost.policy}
        options={policies.map((policy) => ({ value: policy, label: t(`jobs.form.lost_${policy}`) }))}
        onChange={(policy) => set({ lost: { ...lost, policy } })}
      />
      <p className="max-w-prose text-sm text-muted">{t(`jobs.form.lost_${lost.policy}_means`)}</p>
      {lost.policy !== "wait" && (
        <div className={pair}>
          <SpanField
            label={t("jobs.form.lost_after")}
            error={complaints.at("lost.after_ms")}
            value={lost.after}
            onChange={(after) => set({ lost: { ...lost, after } })}
          />
        </div>
      )}
    </>
  );
}
