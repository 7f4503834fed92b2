import { useTranslation } from "react-i18next";
import type { AuditVerification } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Notice } from "@/ui/notice";

/** What a check of the chain found, in plain words first and in figures below. */
export function Verdict({ result }: { result: AuditVerification }) {
  const { t } = useTranslation();
  const format = useFormat();
  const figures: [string, string][] = [
    [t("audit.integrity.entries"), format.number(result.entries)],
    [t("audit.integrity.signed"), format.number(result.checkpoints)],
    [t("audit.integrity.range"), `${format.number(result.first_seq)} – ${format.number(result.last_seq)}`],
    [t("audit.integrity.took"), format.took(result.duration_ms)],
  ];
  return (
    <div className="grid gap-4">
      {result.ok ? (
        <Notice tone="ok" live title={t("audit.integrity.intact")}>
          {t(`audit.integrity.anchor_${result.anchor}`)}
        </Notice>
      ) : (
        <Notice tone="danger" live title={t("audit.integrity.broken")}>
          {result.fault && (
            <>
              <p>{t(`audit.integrity.fault_${result.fault.kind}`, { seq: format.number(result.fault.seq) })}</p>
              <p>
                <bdi>{result.fault.detail}</bdi>
              </p>
            </>
          )}
        </Notice>
      )}
      <dl className="grid grid-cols-2 gap-4 sm:grid-cols-4">
        {figures.map(([label, value]) => (
          <div key={label}>
            <dt className="text-sm text-faint">{label}</dt>
            <dd className="text-lg font-medium">
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
      <p className="text-sm text-faint">
        {t("audit.integrity.head")}{" "}
        <bdi dir="ltr" className="font-mono text-xs break-all">
          {result.head_hash}
        </bdi>
      </p>
    </div>
  );
}
