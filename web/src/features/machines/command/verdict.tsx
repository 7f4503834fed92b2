// What the policy of a machine says of an operation, and why.
import { useTranslation } from "react-i18next";
import type { CommandVerdict } from "@/api/types";
import { Notice } from "@/ui/notice";
import { Argv } from "./argv-field";

const tones = { allow: "ok", ask: "warn", deny: "danger" } as const;

interface VerdictNoticeProps {
  verdict: CommandVerdict;
  /** Whether it is told of what would be, or of what was. */
  was?: boolean;
  live?: boolean;
}

export function VerdictNotice({ verdict, was, live }: VerdictNoticeProps) {
  const { t } = useTranslation();
  return (
    <Notice
      tone={tones[verdict.decision]}
      live={live ?? false}
      title={t(`commands.verdict.${verdict.decision}${was ? "_was" : ""}`)}
    >
      {verdict.rule && (
        <p>
          {t("commands.verdict.rule")}{" "}
          <bdi dir="auto" className="font-medium text-ink">
            {verdict.rule}
          </bdi>
        </p>
      )}
      {!verdict.rule && verdict.decision === "deny" && verdict.reasons.length === 0 && (
        <p>{t("commands.verdict.no_rule")}</p>
      )}
      <Reasons verdict={verdict} />
      {verdict.argv.length > 0 && verdict.decision !== "deny" && (
        <div className="mt-2">
          <p className="mb-1 text-sm">{t(was ? "commands.verdict.argv_was" : "commands.verdict.argv")}</p>
          <Argv argv={verdict.argv} label={t("commands.verdict.argv")} />
        </div>
      )}
    </Notice>
  );
}

function Reasons({ verdict }: { verdict: CommandVerdict }) {
  const word = useReasonWord();
  if (verdict.reasons.length === 0) return null;
  return (
    <ul className="mt-1 grid gap-1">
      {verdict.reasons.map((reason, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two reasons may say the same.
        <li key={at}>
          <span>{word(reason.code)}</span>
          {/* The machine says more about it, in its own words. */}
          <bdi dir="ltr" lang="en" className="block text-sm text-faint rtl:text-end">
            {reason.words}
          </bdi>
        </li>
      ))}
    </ul>
  );
}

function useReasonWord() {
  const { t, i18n } = useTranslation();
  return (code: string) => {
    const key = `commands.reason.${code}`;
    return i18n.exists(key) ? t(key as "commands.reason.no_rule") : t("commands.reason.other");
  };
}
