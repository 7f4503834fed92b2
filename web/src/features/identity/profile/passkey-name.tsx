import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Passkey } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";

interface PasskeyNameProps {
  passkey: Passkey;
  onSaved: () => Promise<unknown>;
  onClose: () => void;
}

export function PasskeyName({ passkey, onSaved, onClose }: PasskeyNameProps) {
  const { t } = useTranslation();
  const form = useForm({
    fields: { name: required },
    submit: async ({ name }) => {
      await unwrap(
        api.PATCH("/me/passkeys/{id}", { params: { path: { id: passkey.id } }, body: { name: name.trim() } }),
      );
      await onSaved();
      onClose();
    },
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("profile.passkeys.name_title")}
      description={t("profile.passkeys.name_lead")}
    >
      <form {...form.props} className="grid gap-4">
        <ProblemNotice problem={form.problem} />
        <Field label={t("profile.passkeys.name")} error={form.errors.name}>
          <Input name="name" defaultValue={passkey.name} maxLength={60} autoFocus />
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("common.save")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
