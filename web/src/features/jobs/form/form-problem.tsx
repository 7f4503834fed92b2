// What is said above a form that could not be sent: why, and whatever the server says of no field in particular.
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ProblemError } from "@/api/problem";
import { Notice } from "@/ui/notice";
import { ProblemNotice } from "@/ui/problem";
import { useFieldWords } from "./complaints";
import { besides } from "./places";

interface FormProblemProps {
  problem: ProblemError | null;
  isWrong: boolean;
  /** Those of the request that have a field, which says itself what is wrong with it. */
  places: string[];
}

export function FormProblem({ problem, isWrong, places }: FormProblemProps) {
  const { t } = useTranslation();
  const words = useFieldWords();
  if (isWrong) return <Notice tone="danger" live className="mb-4" title={t("problem.fields_invalid")} />;
  if (!problem) return null;
  const told = besides(problem.problem.errors ?? [], places);
  return (
    <div className="mb-4">
      <ProblemNotice problem={problem} />
      {told.length > 0 && (
        <ul className="mt-2 grid gap-0.5 text-sm text-muted">
          {told.map((one) => (
            <li key={`${one.field} ${one.message}`}>
              <bdi dir="ltr" className="font-mono text-xs">
                {one.field}
              </bdi>{" "}
              <bdi>{words(one)}</bdi>
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
