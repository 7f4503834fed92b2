// What about a machine needs a person, and what to do about it.
import { useTranslation } from "react-i18next";
import type { MachineDetail } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Notice } from "@/ui/notice";
import { Moment } from "@/ui/time";

export function Troubles({ machine }: { machine: MachineDetail }) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const has = (trouble: string) => machine.troubles.includes(trouble);
  const known = ["policy_faulty", "clock_differs"];
  return (
    <div className="grid gap-3 not-empty:mb-6">
      {machine.state === "locked" && (
        <Notice tone="danger" title={t("machines.trouble.locked")}>
          {t("machines.trouble.locked_text")} {machine.locked_at && <Moment at={machine.locked_at} />}
        </Notice>
      )}
      {machine.state === "revoked" && (
        <Notice tone="warn" title={t("machines.trouble.revoked")}>
          {t("machines.trouble.revoked_text")} {machine.revoked_at && <Moment at={machine.revoked_at} />}
        </Notice>
      )}
      {has("policy_faulty") && (
        <Notice tone="danger" title={t("machines.trouble.policy_faulty")}>
          <p>{t("machines.trouble.policy_faulty_text")}</p>
          {machine.policy_fault && (
            <pre dir="ltr" className="mt-2 max-h-40 overflow-auto font-mono text-sm whitespace-pre-wrap text-ink">
              {machine.policy_fault}
            </pre>
          )}
        </Notice>
      )}
      {has("clock_differs") && (
        <Notice tone="danger" title={t("machines.trouble.clock_differs")}>
          {t("machines.trouble.clock_differs_text", {
            skew: format.took(Math.abs(machine.clock_skew_ms ?? 0)),
          })}
        </Notice>
      )}
      {machine.troubles
        .filter((trouble) => !known.includes(trouble))
        .map((trouble) => (
          <Notice key={trouble} tone="warn" title={t("machines.trouble.other")}>
            <bdi lang={i18n.language} dir="ltr">
              {trouble}
            </bdi>
          </Notice>
        ))}
    </div>
  );
}
