import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, PasswordInput } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { useRefresh } from "../use-vault";

export function UnsealDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const form = useForm({
    fields: { passphrase: required },
    submit: async ({ passphrase }) => {
      await unwrap(api.POST("/vault/unseal", { body: { passphrase } }));
      toast(t("vault.unseal.done"));
      onClose();
      await refresh();
    },
  });
  return (
    <Dialog open onClose={onClose} title={t("vault.unseal.title")} description={t("vault.unseal.lead")}>
      <form {...form.props} className="grid gap-4">
        <ProblemNotice problem={form.problem} />
        <Field label={t("vault.unseal.passphrase")} error={form.errors.passphrase}>
          <PasswordInput name="passphrase" autoComplete="off" autoFocus />
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("vault.sealed.unseal")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
