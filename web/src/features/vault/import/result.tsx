import { useTranslation } from "react-i18next";
import type { ProblemError } from "@/api/problem";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { DialogActions } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { ProblemNotice } from "@/ui/problem";
import { takeFocus } from "./focus";

export interface Report {
  created: string[];
  replaced: string[];
  refused: { name: string; code: string; detail: string }[];
  /** What did not reach the server, or not surely. */
  unsent: number;
  problem: ProblemError | null;
}

export function Result({ report, onClose }: { report: Report; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const whole = report.refused.length === 0 && !report.problem;
  const { created, replaced } = report;
  return (
    <div ref={takeFocus} tabIndex={-1} className="grid gap-4 outline-none">
      <Notice live tone={whole ? "ok" : "warn"} title={t(whole ? "vault.import.all_done" : "vault.import.part_done")}>
        {t("vault.import.done_totals", {
          fresh: format.number(created.length),
          replaced: format.number(replaced.length),
          refused: format.number(report.refused.length),
        })}
      </Notice>
      {report.problem && (
        <>
          <ProblemNotice problem={report.problem} />
          <p className="text-muted">{t("vault.import.unsent", { count: report.unsent })}</p>
        </>
      )}
      {report.refused.length > 0 && <Refused refused={report.refused} />}
      <DialogActions>
        <Button look="primary" onClick={onClose}>
          {t("common.close")}
        </Button>
      </DialogActions>
    </div>
  );
}

function Refused({ refused }: { refused: Report["refused"] }) {
  const { t, i18n } = useTranslation();
  const why = ({ code, detail }: Report["refused"][number]) => {
    if (code === "fields_invalid") return t("field.value_unfit");
    return i18n.exists(`problem.${code}`) ? t(`problem.${code}` as "problem.secret_denied") : detail;
  };
  return (
    <ul className="divide-y divide-line rounded-md border border-line">
      {refused.map((one) => (
        <li key={one.name} className="grid gap-0.5 px-4 py-3">
          <bdi dir="ltr" className="font-mono text-sm font-medium wrap-anywhere rtl:text-end">
            {one.name}
          </bdi>
          <span className="text-sm text-danger">{why(one)}</span>
        </li>
      ))}
    </ul>
  );
}
