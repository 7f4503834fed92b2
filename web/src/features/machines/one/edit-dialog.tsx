import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Machine } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { splitLabels } from "../labels";
import { LabelsField, useLabelCheck } from "../labels-field";
import { useRefresh } from "../use-machines";

/** Name and labels: they are this control plane's, not the machine's own. */
export function EditDialog({ machine, onClose }: { machine: Machine; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const check = useLabelCheck();
  const [complaint, setComplaint] = useState<string | null>(null);
  const form = useForm({
    fields: { name: required, labels: null },
    submit: async (values) => {
      const labels = splitLabels(values.labels);
      const wrong = check(labels);
      setComplaint(wrong);
      if (wrong) return;
      const options = { params: { path: { id: machine.id } }, body: { name: values.name.trim(), labels } };
      await unwrap(api.PATCH("/machines/{id}", options));
      toast(t("common.saved"));
      await refresh();
      onClose();
    },
  });
  return (
    <Dialog open onClose={onClose} title={t("machines.edit.title")}>
      <form {...form.props} className="grid gap-4" autoComplete="off">
        <ProblemNotice problem={form.problem} />
        <Field label={t("machines.name")} hint={t("machines.name_hint")} error={form.errors.name}>
          <Input name="name" code maxLength={63} defaultValue={machine.name} autoFocus />
        </Field>
        <LabelsField
          label={t("machines.labels")}
          optional
          defaultValue={machine.labels.join(", ")}
          error={complaint ?? form.errors.labels}
        />
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
