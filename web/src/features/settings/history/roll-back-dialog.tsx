// Goes back to an earlier version, which becomes the newest one; before that it shows what will change.
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { rollBack } from "../calls";
import { useRefresh } from "../queries";
import { Difference } from "./difference";

interface RollBackDialogProps {
  to: number;
  from: number;
  onClose: () => void;
}

export function RollBackDialog({ to, from, onClose }: RollBackDialogProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const refresh = useRefresh();
  const form = useForm({
    fields: { comment: null },
    submit: async ({ comment }) => {
      const { version, changes } = await rollBack(to, comment.trim() || undefined);
      toast(
        t(changes.some((change) => change.needs_restart) ? "settings.saved_restart" : "settings.saved", { n: version }),
      );
      await refresh();
      onClose();
    },
  });
  return (
    <Dialog
      wide
      open
      onClose={onClose}
      title={t("settings.history.roll_back_title", { n: format.number(to) })}
      description={t("settings.history.roll_back_text")}
    >
      <form {...form.props} className="grid gap-4">
        <ProblemNotice problem={form.problem} />
        <Difference from={from} to={to} />
        <Field label={t("settings.comment")} optional hint={t("settings.comment_hint")} error={form.errors.comment}>
          <Input name="comment" maxLength={500} />
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("settings.history.roll_back")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
