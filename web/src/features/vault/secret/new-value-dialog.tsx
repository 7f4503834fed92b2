import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Secret } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { required, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { useRefresh } from "../use-vault";
import { pasted, ValueField } from "../value-field";

export function NewValueDialog({ secret, onClose }: { secret: Secret; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const form = useForm({
    fields: { value: required },
    submit: async ({ value }) => {
      const body = { value: pasted(value, secret.kind) };
      const { current_version } = await unwrap(
        api.POST("/secrets/{id}/versions", { params: { path: { id: secret.id } }, body }),
      );
      toast(t("vault.new_value.done", { n: current_version }));
      onClose();
      await refresh();
    },
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("vault.new_value.title", { name: `\u2066${secret.name}\u2069` })}
      description={t("vault.new_value.lead")}
    >
      <form {...form.props} className="grid gap-4" autoComplete="off">
        <ProblemNotice problem={form.problem} />
        <ValueField kind={secret.kind} error={form.errors.value} autoFocus />
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("vault.new_value.save")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
