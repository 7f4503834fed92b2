// A value in the open, for a short time.
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy-button";
import { DialogActions } from "@/ui/dialog";

export const SHOWN_FOR_S = 30;

export function ShownValue({ value, onHide }: { value: string; onHide: () => void }) {
  const { t } = useTranslation();
  const left = useCountdown(SHOWN_FOR_S, onHide);
  return (
    <>
      <pre
        dir="ltr"
        data-value=""
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long value is scrolled with the keyboard
        tabIndex={0}
        className="max-h-72 overflow-auto rounded-md border border-line bg-raised p-4 font-mono text-sm wrap-anywhere whitespace-pre-wrap select-all"
      >
        {value}
      </pre>
      <p className="mt-3 text-sm text-muted">
        <span role="timer">{t("vault.reveal.hides", { count: left })}</span>
      </p>
      <DialogActions>
        <Button icon="eye-off" onClick={onHide}>
          {t("vault.reveal.hide")}
        </Button>
        <CopyButton text={value} label={t("vault.reveal.copy")} />
      </DialogActions>
    </>
  );
}

/** The seconds that are left. A page that is put aside ends it at once. */
function useCountdown(seconds: number, onEnd: () => void): number {
  const [left, setLeft] = useState(seconds);
  const latest = useRef(onEnd);
  latest.current = onEnd;
  useEffect(() => {
    const end = Date.now() + seconds * 1000;
    const timer = setInterval(() => {
      const rest = Math.ceil((end - Date.now()) / 1000);
      if (rest > 0) setLeft(rest);
      else latest.current();
    }, 250);
    const leave = () => latest.current();
    window.addEventListener("pagehide", leave);
    return () => {
      clearInterval(timer);
      window.removeEventListener("pagehide", leave);
    };
  }, [seconds]);
  return left;
}
