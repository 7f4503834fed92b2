// A secret that stands in the file in plain text goes into the vault; in the file a reference takes its place.
import { useTranslation } from "react-i18next";
import type { PlainSecret } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { secretName, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { moveSecret } from "../calls";
import { useEditing } from "../editing";
import { useRefresh } from "../queries";
import { SealedNotice, useIsSealed } from "./sealed";

export function MoveDialog({ secret, onClose }: { secret: PlainSecret; onClose: () => void }) {
  const { t } = useTranslation();
  const { rebase } = useEditing();
  const refresh = useRefresh();
  const isSealed = useIsSealed();
  const form = useForm({
    fields: { name: secretName },
    submit: async ({ name }) => {
      const { version } = await moveSecret(secret.key, name.trim());
      toast(t("settings.secret.moved", { name: name.trim() }));
      rebase(version);
      await refresh();
      onClose();
    },
  });
  return (
    <Dialog open onClose={onClose} title={t("settings.secret.move_title")} description={t("settings.secret.move_lead")}>
      <form {...form.props} className="grid gap-4" autoComplete="off">
        <ProblemNotice problem={form.problem} />
        {isSealed && <SealedNotice />}
        <Field label={t("settings.secret.name")} hint={t("settings.secret.name_hint")} error={form.errors.name}>
          <Input name="name" code maxLength={128} defaultValue={secret.name} autoFocus />
        </Field>
        <p className="text-sm text-muted">
          <bdi dir="ltr" className="font-mono wrap-anywhere">
            {secret.key}
          </bdi>
          {secret.line !== null && <> · {t("settings.line", { line: secret.line })}</>}
        </p>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy} disabled={isSealed}>
            {t("settings.secret.move")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
