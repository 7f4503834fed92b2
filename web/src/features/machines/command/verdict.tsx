// What the policy of a machine says of an operation, and why.
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import type { CommandVerdict } from "@/api/types";
import { Notice } from "@/ui/notice";
import { Argv } from "./argv-field";
import { namesIn } from "./names-in";

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

export function Reasons({ verdict }: { verdict: CommandVerdict }) {
  const { t, i18n } = useTranslation();
  if (verdict.reasons.length === 0) return null;
  const isEnglish = i18n.language === "en";
  return (
    <ul className="mt-1 grid gap-1">
      {verdict.reasons.map(({ code, words }, at) => {
        const key = `commands.reason.${code}`;
        const isKnown = i18n.exists(key);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: two reasons may say the same.
          <li key={at}>
            <span>{t(isKnown ? (key as "commands.reason.no_rule") : "commands.reason.other")}</span>
            {/* The machine says more about it, in English; the names in it are read in every language. */}
            {isEnglish || !isKnown ? (
              <bdi dir="auto" lang="en" className="block text-sm text-faint">
                {words}
              </bdi>
            ) : (
              <Named words={words} />
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Named({ words }: { words: string }) {
  return namesIn(words).map((name, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a name may occur twice.
    <Fragment key={at}>
      {" "}
      <bdi dir="ltr" className="font-mono text-sm wrap-anywhere text-faint">
        {name}
      </bdi>
    </Fragment>
  ));
}
