// The form of a job: what, where, and behind lines that open everything else that can be decided.
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { isolated, isolatedName } from "@/features/machines/use-machines";
import { useFormat } from "@/i18n/format";
import { Icon } from "@/ui/icon";
import { Card, Section } from "@/ui/page";
import { AfterFields } from "./after-fields";
import { ArtifactFields } from "./artifact-fields";
import type { Complaints } from "./complaints";
import { type JobDraft, linesOf, written } from "./draft";
import { LimitFields } from "./limit-fields";
import { limits } from "./limits";
import { LostFields, OrderFields, RetryFields, TimeFields, TurnFields } from "./manner-fields";
import { msOf, type Span } from "./span";
import { VariableFields } from "./variable-fields";
import { WhatFields } from "./what-fields";
import { WhereFields } from "./where-fields";

export interface PartProps {
  draft: JobDraft;
  set: (part: Partial<JobDraft>) => void;
  complaints: Complaints;
}

interface JobFieldsProps extends PartProps {
  /** A schedule says itself when its jobs begin, and they wait for no others. */
  isScheduled?: boolean;
}

export function JobFields({ isScheduled, ...part }: JobFieldsProps) {
  const { t } = useTranslation();
  const { draft, complaints } = part;
  const told = useTold(draft);
  return (
    <>
      <Section title={t("jobs.form.what")}>
        <WhatFields {...part} />
      </Section>
      <Section title={t("jobs.form.where")}>
        <WhereFields {...part} />
      </Section>
      <h2 className="mb-2 px-1 text-lg font-semibold">{t("jobs.form.more")}</h2>
      <Card className="mb-6 divide-y divide-line">
        <Fold
          title={t("jobs.form.turn")}
          told={told.turn}
          isWrong={complaints.has("name", "queue", "priority", "labels")}
        >
          <TurnFields {...part} />
        </Fold>
        <Fold
          title={t("jobs.form.time")}
          told={isScheduled ? told.limits : told.time}
          isWrong={complaints.has("timeout_ms", "queue_timeout_ms", "not_before")}
        >
          <TimeFields {...part} isScheduled={isScheduled ?? false} />
        </Fold>
        <Fold title={t("jobs.form.limits")} told={told.use} isWrong={complaints.has("limits")}>
          <LimitFields {...part} />
        </Fold>
        <Fold title={t("jobs.form.retries")} told={told.retries} isWrong={complaints.has("retry", "retry_safe")}>
          <RetryFields {...part} />
        </Fold>
        <Fold title={t("jobs.form.order")} told={told.order} isWrong={complaints.has("concurrency", "after")}>
          <OrderFields {...part} />
          {!isScheduled && <AfterFields {...part} />}
        </Fold>
        <Fold title={t("jobs.form.variables")} told={told.variables} isWrong={complaints.has("env", "secrets")}>
          <VariableFields {...part} />
        </Fold>
        <Fold title={t("jobs.form.artifacts")} told={told.artifacts} isWrong={complaints.has("artifacts")}>
          <ArtifactFields {...part} />
        </Fold>
        <Fold title={t("jobs.form.lost")} told={told.lost} isWrong={complaints.has("lost")}>
          <LostFields {...part} />
        </Fold>
      </Card>
    </>
  );
}

interface FoldProps {
  title: string;
  /** What is decided there, while it is closed. */
  told: string;
  isWrong: boolean;
  children: ReactNode;
}

function Fold({ title, told, isWrong, children }: FoldProps) {
  const fold = useRef<HTMLDetailsElement>(null);
  // What is wrong in it is seen; nothing closes under the hands of who puts it right.
  useEffect(() => {
    if (isWrong && fold.current) fold.current.open = true;
  }, [isWrong]);
  return (
    <details ref={fold} className="group">
      <summary className="flex min-h-11 list-none items-center gap-2 px-5 py-2 hover:bg-raised/50 [&::-webkit-details-marker]:hidden">
        <Icon
          name="chevron"
          className="size-3.5 text-faint transition-transform group-open:rotate-90 rtl:group-open:-rotate-90"
        />
        <span className="font-medium">{title}</span>
        <span className="ms-auto min-w-0 truncate ps-4 text-sm text-faint group-open:invisible">{told}</span>
      </summary>
      <div className="grid gap-4 px-5 pt-2 pb-5">{children}</div>
    </details>
  );
}

function useTold(draft: JobDraft) {
  const { t } = useTranslation();
  const format = useFormat();
  const span = (one: Span) => {
    const ms = msOf(one);
    return ms ? format.span(ms) : null;
  };
  const listed = (...texts: (string | null | false | undefined)[]) => texts.filter(Boolean).join(" · ");
  const attempts = Number(draft.retry.attempts) || 1;
  const timeout = span(draft.timeout);
  const [env, secrets] = [written(draft.env), written(draft.secrets)];
  return {
    turn: listed(
      draft.name.trim() && isolatedName(draft.name.trim()),
      isolated(draft.queue.trim() || "default"),
      draft.priority.trim() !== "0" && `${t("jobs.priority")} ${isolated(draft.priority)}`,
    ),
    limits: timeout ? `${t("jobs.form.timeout")} ${timeout}` : "",
    time: listed(t(`jobs.form.start_${draft.start}`), timeout && `${t("jobs.form.timeout")} ${timeout}`),
    use: listed(
      ...limits.map((limit) => {
        const text = draft.limits[limit].trim();
        return text && `${t(`jobs.form.limit.${limit}`)} ${isolated(text)}`;
      }),
    ),
    retries: attempts > 1 ? t("jobs.form.told_attempts", { count: attempts }) : t("jobs.form.told_once"),
    order: listed(
      draft.concurrency.key.trim() && isolated(draft.concurrency.key.trim()),
      draft.after.length > 0 && t("jobs.form.told_after", { count: draft.after.length }),
    ),
    variables: listed(
      env.length > 0 && t("jobs.form.told_env", { count: env.length }),
      secrets.length > 0 && t("jobs.form.told_secrets", { count: secrets.length }),
    ),
    artifacts: linesOf(draft.artifacts).map(isolated).join(" · "),
    lost: t(`jobs.form.lost_${draft.lost.policy}`),
  };
}
