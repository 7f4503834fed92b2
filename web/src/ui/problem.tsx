// How a failure is told: one sentence in the person's language, what to do next, and a line of detail for support.
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { type ProblemError, toProblem } from "@/api/problem";
import { Button } from "./button";
import { Icon } from "./icon";
import { More } from "./more";
import { Notice } from "./notice";

export function useProblemText() {
  const { t, i18n } = useTranslation();
  return (error: unknown) => {
    const { problem } = toProblem(error);
    const key = `problem.${problem.code}`;
    const values = { count: problem.retry_after_s ?? 0 };
    const known = i18n.exists(key, values) ? String(t(key as "problem.internal_error", values)) : null;
    return known ?? (problem.detail || problem.title || t("problem.unexpected"));
  };
}

export function ProblemNotice({ problem }: { problem: ProblemError | null }) {
  const text = useProblemText();
  const place = useRef<HTMLDivElement>(null);
  // In a long form the notice may stand above what is in sight.
  useEffect(() => {
    if (problem) place.current?.scrollIntoView({ block: "nearest" });
  }, [problem]);
  if (!problem) return null;
  return (
    <div ref={place}>
      <Notice tone="danger" live title={text(problem)}>
        <ProblemDetail error={problem} />
      </Notice>
    </div>
  );
}

export function ProblemDetail({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const { problem } = toProblem(error);
  if (!problem.next && !problem.request_id) return null;
  return (
    <More label={t("problem_detail.more")}>
      {problem.next && <p className="text-muted">{problem.next}</p>}
      <p className="mt-1 text-faint">
        <bdi dir="ltr" className="font-mono text-xs">
          {[problem.code, problem.request_id].filter(Boolean).join(" · ")}
        </bdi>
      </p>
    </More>
  );
}

export function ErrorState({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const { t } = useTranslation();
  const text = useProblemText();
  const { problem } = toProblem(error);
  if (problem.code === "not_allowed") return <NoPermission />;
  return (
    <div role="alert" className="mx-auto grid max-w-md justify-items-center gap-3 px-4 py-16 text-center">
      <span className="grid size-11 place-items-center rounded-full bg-danger-soft text-danger">
        <Icon name="warning" className="size-5" />
      </span>
      <p className="text-lg font-medium">{text(error)}</p>
      {retry && (
        <Button icon="refresh" onClick={retry}>
          {t("common.try_again")}
        </Button>
      )}
      <ProblemDetail error={error} />
    </div>
  );
}

export function NoPermission() {
  const { t } = useTranslation();
  return (
    <div className="mx-auto grid max-w-md justify-items-center gap-2 px-4 py-16 text-center">
      <span className="mb-1 grid size-11 place-items-center rounded-full bg-raised text-muted">
        <Icon name="lock" className="size-5" />
      </span>
      <h2 className="text-lg font-medium">{t("state.no_permission.title")}</h2>
      <p className="text-muted">{t("state.no_permission.text")}</p>
    </div>
  );
}
