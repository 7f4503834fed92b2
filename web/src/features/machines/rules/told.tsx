// Where a request for rules stands, and what the machine says of it.
import { useTranslation } from "react-i18next";
import type { RuleRequest } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Notice } from "@/ui/notice";

type Tone = "info" | "ok" | "warn" | "danger";

const tones = {
  waiting: "info",
  asked: "info",
  granted: "ok",
  refused: "danger",
  faulty: "danger",
  withdrawn: "info",
  expired: "warn",
} satisfies Record<RuleRequest["state"], Tone>;

export function Told({ request }: { request: RuleRequest }) {
  const { t } = useTranslation();
  const { state, words, faults, from_afar } = request;
  return (
    <Notice tone={tones[state]} title={t(`machines.rules.state_${state}`)}>
      {state === "waiting" && <p>{t("machines.rules.waiting_text")}</p>}
      {state === "asked" && <p>{t(from_afar ? "machines.rules.asked_here" : "machines.rules.asked_text")}</p>}
      {state === "asked" && (
        <code dir="ltr" className="mt-1 block font-mono text-sm wrap-anywhere rtl:text-end">
          diwan bridge policy grant {request.id}
        </code>
      )}
      <Why request={request} />
      {words.length > 0 && (
        <Lines title={t("machines.rules.newly")} lines={words.map((text) => ({ line: null, text }))} />
      )}
      {faults.length > 0 && (
        <Lines
          title={t("machines.rules.faults")}
          lines={faults.map((fault) => ({ line: fault.line, text: fault.words }))}
        />
      )}
    </Notice>
  );
}

function Why({ request: { problem, approval } }: { request: RuleRequest }) {
  const { t } = useTranslation();
  if (approval)
    return (
      <p>
        {t("machines.rules.approved_by")} <bdi>{approval.by.name}</bdi>
      </p>
    );
  if (!problem) return null;
  return (
    <p>
      {t(
        problem.code === "owner_refused"
          ? "machines.rules.by_owner"
          : problem.code === "refused_here"
            ? "machines.rules.by_somebody"
            : "machines.rules.by_machine",
      )}{" "}
      <bdi>{problem.detail}</bdi>
    </p>
  );
}

/** The machine's own words are English. */
function Lines({ title, lines }: { title: string; lines: { line: number | null; text: string }[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className="mt-2">
      <p className="text-sm">{title}</p>
      <ul className="mt-1 grid gap-1 text-sm">
        {lines.map(({ line, text }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two of them may say the same.
          <li key={at} className="wrap-anywhere">
            {line !== null && <span className="me-2">{t("machines.rules.line", { n: format.number(line) })}</span>}
            <bdi dir="ltr" lang="en" className="text-ink">
              {text}
            </bdi>
          </li>
        ))}
      </ul>
    </div>
  );
}
