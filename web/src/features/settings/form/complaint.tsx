import type { TOptions } from "i18next";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import type { Complaint } from "../model/faults";

/** A complaint in the person's language, where there are words for it; otherwise as the server said it. */
export function useComplaintText() {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  return ({ code, values, reason }: Complaint) => {
    const key = `settings.flaw.${code}`;
    if (!i18n.exists(key)) return sentence(reason);
    // Numbers are written as the language does; everything else stands for itself, whatever its direction.
    const say = (value: string | number) =>
      /^-?\d+$/.test(String(value)) ? format.number(Number(value)) : `\u2068${value}\u2069`;
    const said: TOptions = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, say(value)]));
    return String(t(key as "settings.flaw.unfit", said));
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
