// Asks before something that cannot be undone, names it, and shows the answer of the server in place.
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { toProblem } from "@/api/problem";
import { Button } from "./button";
import { Dialog, DialogActions } from "./dialog";
import { ProblemNotice } from "./problem";

interface ConfirmProps {
  title: string;
  action: string;
  run: () => Promise<unknown>;
  onClose: () => void;
  /** Red unless nothing is lost by it. */
  look?: "danger" | "primary";
  children?: ReactNode;
  /** What else is to be decided with it. */
  more?: ReactNode;
}

export function Confirm({ title, action, run, onClose, look = "danger", children, more }: ConfirmProps) {
  const { t } = useTranslation();
  const work = useMutation({ mutationFn: run, onSuccess: onClose });
  return (
    <Dialog open onClose={onClose} title={title} description={children}>
      <ProblemNotice problem={work.error ? toProblem(work.error) : null} />
      {more}
      <DialogActions>
        <Button autoFocus onClick={onClose}>
          {t("common.cancel")}
        </Button>
        <Button look={look} busy={work.isPending} onClick={() => work.mutate()}>
          {action}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
