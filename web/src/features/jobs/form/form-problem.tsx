// What is said above a form that could not be sent: why, and whatever the server says of no field in particular.
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ProblemError } from "@/api/problem";
import { Notice } from "@/ui/notice";
import { ProblemNotice } from "@/ui/problem";

export function FormProblem({ problem, isWrong }: { problem: ProblemError | null; isWrong: boolean }) {
  const { t } = useTranslation();
  if (isWrong) return <Notice tone="danger" live className="mb-4" title={t("problem.fields_invalid")} />;
  if (!problem) return null;
  const told = problem.problem.errors ?? [];
  return (
    <div className="mb-4">
      <ProblemNotice problem={problem} />
      {told.length > 0 && (
        <ul className="mt-2 grid gap-0.5 text-sm text-muted">
          {told.map(({ field, message }) => (
            <li key={`${field} ${message}`}>
              <bdi dir="ltr" className="font-mono text-xs">
                {field}
              </bdi>{" "}
              <bdi>{message}</bdi>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** The first field of which something is wrong has the focus, each time that it is found so. */
export function useFocusOnWrong() {
  const form = useRef<HTMLFormElement>(null);
  const [times, setTimes] = useState(0);
  useEffect(() => {
    if (times === 0) return;
    const field = form.current?.querySelector<HTMLElement>("[aria-invalid=true]");
    field?.closest("details")?.setAttribute("open", "");
    field?.focus();
    if (!field) form.current?.scrollIntoView({ block: "start" });
  }, [times]);
  return { form, isWrong: () => setTimes((before) => before + 1) };
}
