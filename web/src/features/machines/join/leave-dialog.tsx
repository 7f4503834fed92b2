// A line that nobody will paste should not stay good: whoever leaves is asked.
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { toProblem } from "@/api/problem";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { ProblemNotice } from "@/ui/problem";

interface LeaveDialogProps {
  onBack: () => void;
  onKeep: () => void;
  withdraw: () => Promise<void>;
}

export function LeaveDialog({ onBack, onKeep, withdraw }: LeaveDialogProps) {
  const { t } = useTranslation();
  const work = useMutation({ mutationFn: withdraw });
  return (
    <Dialog open onClose={onBack} title={t("machines.join.leave_title")} description={t("machines.join.leave_text")}>
      <ProblemNotice problem={work.error ? toProblem(work.error) : null} />
      <DialogActions>
        <Button autoFocus onClick={onBack}>
          {t("machines.join.leave_back")}
        </Button>
        <Button onClick={onKeep}>{t("machines.join.leave_keep")}</Button>
        <Button look="danger" busy={work.isPending} onClick={() => work.mutate()}>
          {t("machines.join.leave_withdraw")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
