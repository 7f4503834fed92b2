import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import type { Complaint } from "../model/faults";

/** A complaint in the person's language, where there are words for it; otherwise as the server said it. */
export function useComplaintText() {
  const { t } = useTranslation();
  const format = useFormat();
  return ({ code, values, reason }: Pick<Complaint, "code" | "values" | "reason">) => {
    if (!code) return sentence(reason);
    const say = (value: number | undefined) => (value === undefined ? "" : format.number(value));
    return t(`settings.flaw.${code}`, { least: say(values?.least), most: say(values?.most) });
  };
}

/** The server's reasons begin with "it". */
function sentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}${/[.!?]$/.test(reason) ? "" : "."}`;
}

interface ComplaintTextProps {
  complaint: Complaint | undefined;
  /** Takes over what was probably meant. */
  onTake?: (value: string) => void;
}

export function ComplaintText({ complaint, onTake }: ComplaintTextProps) {
  const { t } = useTranslation();
  const text = useComplaintText();
  if (!complaint) return null;
  const { nearest } = complaint;
  return (
    <span>
      <bdi>{text(complaint)}</bdi>
      {nearest && (
        <>
          {" "}
          {onTake ? (
            <button type="button" onClick={() => onTake(nearest)} className="font-medium underline underline-offset-2">
              {t("settings.take_nearest", { value: `\u2068${nearest}\u2069` })}
            </button>
          ) : (
            t("settings.did_you_mean", { value: `\u2068${nearest}\u2069` })
          )}
        </>
      )}
    </span>
  );
}
