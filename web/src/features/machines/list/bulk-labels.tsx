import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Machine } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Checkbox } from "@/ui/field";
import { useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { splitLabels, withLabels } from "../labels";
import { LabelsField, useLabelCheck } from "../labels-field";
import { useRefresh } from "../use-machines";
import { forEachMachine } from "./together";

/** Gives labels to all chosen machines and takes others from them; what they have besides stays. */
export function BulkLabels({ machines: given, onClose }: { machines: Machine[]; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const check = useLabelCheck();
  const [machines] = useState(given);
  const [removed, setRemoved] = useState<string[]>([]);
  const [complaint, setComplaint] = useState<string | null>(null);
  const present = [...new Set(machines.flatMap((machine) => machine.labels))].sort();
  const form = useForm({
    fields: { labels: null },
    submit: async ({ labels }) => {
      const added = splitLabels(labels);
      const wrong = check(added);
      setComplaint(wrong);
      if (wrong) return;
      await forEachMachine(machines, (machine) => {
        const params = { path: { id: machine.id } };
        return unwrap(
          api.PATCH("/machines/{id}", { params, body: { labels: withLabels(machine.labels, added, removed) } }),
        );
      }).finally(refresh);
      toast(t("machines.bulk.labelled", { count: machines.length }));
      onClose();
    },
  });
  const toggle = (label: string) =>
    setRemoved((before) => (before.includes(label) ? before.filter((one) => one !== label) : [...before, label]));
  return (
    <Dialog open onClose={onClose} title={t("machines.bulk.labels_title", { count: machines.length })}>
      <form {...form.props} className="grid gap-4">
        <ProblemNotice problem={form.problem} />
        <LabelsField label={t("machines.bulk.add_labels")} error={complaint ?? form.errors.labels} />
        {present.length > 0 && (
          <fieldset>
            <legend className="text-sm font-medium">{t("machines.bulk.remove_labels")}</legend>
            <div className="mt-1 max-h-48 overflow-y-auto">
              {present.map((label) => (
                <Checkbox
                  key={label}
                  label={
                    <bdi dir="ltr" className="font-mono text-sm">
                      {label}
                    </bdi>
                  }
                  checked={removed.includes(label)}
                  onChange={() => toggle(label)}
                />
              ))}
            </div>
          </fieldset>
        )}
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
