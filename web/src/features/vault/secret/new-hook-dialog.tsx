import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { SecretLine } from "@/ui/secret-line";
import { useRefresh } from "../use-vault";

/** Its key is in this dialog alone and is shown this once. */
export function NewHookDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [key, setKey] = useState<string | null>(null);
  const form = useForm({
    fields: { url: required },
    submit: async ({ url }) => {
      const options = { params: { path: { id } }, body: { url: url.trim() } };
      setKey((await unwrap(api.POST("/secrets/{id}/hooks", options))).key);
      await refresh();
    },
  });
  if (key) {
    return (
      <Dialog open title={t("vault.hooks.key_title")} description={t("vault.hooks.key_lead")}>
        <SecretLine text={key} />
        <DialogActions>
          <Button look="primary" onClick={onClose}>
            {t("common.done")}
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog open onClose={onClose} title={t("vault.hooks.new_title")} description={t("vault.hooks.new_lead")}>
      <form {...form.props} className="grid gap-4">
        <ProblemNotice problem={form.problem} />
        <Field label={t("vault.hooks.url")} error={form.errors.url}>
          <Input name="url" code type="url" maxLength={2048} placeholder="https://" autoFocus />
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("vault.hooks.add")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
