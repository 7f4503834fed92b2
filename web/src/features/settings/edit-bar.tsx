// Collects what was changed, says what is wrong with it, and leads to saving.
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { useProblemText } from "@/ui/problem";
import { useEditing } from "./editing";
import { ComplaintText } from "./form/complaint";
import { keyOf } from "./model/edits";
import { settingOf } from "./model/faults";
import { ReviewDialog } from "./review-dialog";
import { rowId } from "./setting-row";

export function EditBar() {
  const { t } = useTranslation();
  const { settings, edits, complaints, isChecking, checkError, undoAll } = useEditing();
  const [isReviewing, setReviewing] = useState(false);
  const show = useShow();
  const text = useProblemText();
  const edited = settings.items.filter((item) => keyOf(item) in edits);
  const restarts = edited.filter((item) => item.needs_restart).length;
  const first = complaints[0];
  // About no setting that is shown, as when the file as a whole is meant.
  const homeless = complaints.find(({ path }) => !settings.items.some((item) => keyOf(item) === settingOf(path)));
  const isThere = edited.length > 0;
  // Whoever is typing goes on seeing what they type when the bar comes.
  useEffect(() => {
    if (isThere) document.activeElement?.scrollIntoView({ block: "nearest" });
  }, [isThere]);
  if (!isThere && !isReviewing) return null;
  return (
    <>
      <section
        aria-label={t("settings.pending_edits")}
        data-bottom-bar=""
        className="appear sticky bottom-3 z-30 mt-6 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border border-line bg-surface px-4 py-3 shadow-pop"
      >
        <div role="status" className="min-w-0 basis-full sm:flex-1 sm:basis-56">
          <p className="font-medium">
            {t("settings.changes", { count: edited.length })}
            {restarts > 0 && (
              <span className="font-normal text-muted"> · {t("settings.restarts", { count: restarts })}</span>
            )}
          </p>
          {first && (
            <button
              type="button"
              onClick={() => show(settingOf(first.path))}
              className="flex items-center gap-1.5 rounded-sm text-sm text-danger underline-offset-2 hover:underline pointer-coarse:min-h-10"
            >
              <Icon name="warning" className="size-4" />
              {t("settings.to_mend", { count: complaints.length })}
            </button>
          )}
        </div>
        {homeless && (
          <p className="basis-full text-sm text-danger">
            <ComplaintText complaint={homeless} />
          </p>
        )}
        {!first && checkError != null && <p className="basis-full text-sm text-danger">{text(checkError)}</p>}
        <div className="flex w-full gap-2 sm:w-auto">
          <Button look="quiet" onClick={undoAll}>
            {t("settings.discard")}
          </Button>
          <Button
            look="primary"
            className="max-sm:flex-1"
            busy={isChecking && !first}
            disabled={Boolean(first) || checkError != null}
            onClick={() => setReviewing(true)}
          >
            {t("settings.review")}
          </Button>
        </div>
      </section>
      {isReviewing && <ReviewDialog onClose={() => setReviewing(false)} />}
    </>
  );
}

/** Leads to a setting, in whatever section it is. */
function useShow() {
  const navigate = useNavigate({ from: "/settings" });
  return async (key: string) => {
    const here = document.getElementById(rowId(key));
    if (!here) {
      const section = key.split(".")[0];
      await navigate({ search: { section }, replace: true, resetScroll: false });
    }
    requestAnimationFrame(() => {
      const row = document.getElementById(rowId(key));
      row?.scrollIntoView({ block: "center" });
      row?.querySelector<HTMLElement>("[aria-invalid=true], input, select, textarea, button")?.focus({
        preventScroll: true,
      });
    });
  };
}
