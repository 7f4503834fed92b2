// What comes back: each good answer with its form, and in one line each what can go wrong.
import { useTranslation } from "react-i18next";
import { type Answer, answerOf, isProblem, type Operation } from "./document";
import { EnglishLine } from "./english";
import { useReference } from "./reference";
import { SchemaView } from "./schema-view";
import { StatusBadge } from "./try-it";

export function goodAnswers(operation: Operation, document: Parameters<typeof answerOf>[0]): [string, Answer][] {
  return answersOf(operation, document).filter(([, answer]) => !isProblem(answer));
}

function answersOf(operation: Operation, document: Parameters<typeof answerOf>[0]): [string, Answer][] {
  return Object.entries(operation.responses).map(([status, answer]) => [status, answerOf(document, answer)]);
}

export function Responses({ operation }: { operation: Operation }) {
  const { t } = useTranslation("docs");
  const { document } = useReference();
  const problems = answersOf(operation, document).filter(([, answer]) => isProblem(answer));
  return (
    <div className="grid gap-4">
      {goodAnswers(operation, document).map(([status, answer]) => (
        <Good key={status} status={status} answer={answer} />
      ))}
      {problems.length > 0 && (
        <div className="rounded-md border border-line px-3 py-2.5 text-sm">
          <p className="text-muted">{t("docs.response.problems_text")}</p>
          <ul className="mt-2 grid gap-1.5">
            {problems.map(([status, answer]) => (
              <li key={status} className="flex items-baseline gap-2.5">
                <span className="w-9 shrink-0 font-mono text-xs font-medium text-warn">
                  {status === "default" ? "···" : status}
                </span>
                {status === "default" ? (
                  <span className="text-muted">{t("docs.response.otherwise")}</span>
                ) : (
                  <EnglishLine text={answer.description ?? ""} className="text-muted" />
                )}
              </li>
            ))}
          </ul>
          <a
            href="#problems"
            className="mt-2.5 inline-flex min-h-6 items-center rounded-sm text-accent underline underline-offset-2"
          >
            {t("docs.response.problems_link")}
          </a>
        </div>
      )}
    </div>
  );
}

function Good({ status, answer }: { status: string; answer: Answer }) {
  const { t } = useTranslation("docs");
  const content = Object.entries(answer.content ?? {});
  const [first] = content;
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <StatusBadge status={status} />
        <EnglishLine text={answer.description ?? ""} className="text-sm text-muted" />
        {content.length > 0 && (
          <code dir="ltr" className="font-mono text-xs text-faint wrap-anywhere">
            {content.map(([type]) => type).join(", ")}
          </code>
        )}
      </div>
      {first?.[1].schema && <SchemaView schema={first[1].schema} />}
      {first && !first[1].schema && <p className="text-sm text-muted">{t("docs.schema.file", { type: first[0] })}</p>}
    </div>
  );
}
