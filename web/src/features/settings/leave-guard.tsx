// Warns before edits are lost: within the dashboard by a dialog, elsewhere by the browser's own.
import { useBlocker } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { useEditing } from "./editing";

export function LeaveGuard() {
  const { t } = useTranslation();
  const { edits } = useEditing();
  const count = Object.keys(edits).length;
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname,
    enableBeforeUnload: count > 0,
    disabled: count === 0,
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  return (
    <Dialog
      open
      onClose={blocker.reset}
      title={t("settings.leave_title")}
      description={t("settings.leave_text", { count })}
    >
      <DialogActions>
        <Button onClick={blocker.proceed}>{t("settings.leave")}</Button>
        <Button look="primary" onClick={blocker.reset}>
          {t("settings.stay")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
