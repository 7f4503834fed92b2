import { useTranslation } from "react-i18next";
import { Field, Input } from "@/ui/field";
import { labelFault, MOST_LABELS } from "./labels";
import { isolated } from "./use-machines";

interface LabelsFieldProps {
  label: string;
  error: string | undefined;
  defaultValue?: string;
  optional?: boolean;
}

export function LabelsField({ label, error, defaultValue, optional }: LabelsFieldProps) {
  const { t } = useTranslation();
  return (
    <Field label={label} optional={optional ?? false} hint={t("machines.labels_hint")} error={error}>
      <Input name="labels" code maxLength={2500} placeholder="env=prod, gpu" defaultValue={defaultValue ?? ""} />
    </Field>
  );
}

/** What is wrong with labels, in words. */
export function useLabelCheck() {
  const { t } = useTranslation();
  return (labels: string[]): string | null => {
    const fault = labelFault(labels);
    if (!fault) return null;
    if (fault.kind === "too_many") return t("machines.labels_too_many", { count: MOST_LABELS });
    if (fault.kind === "twice") return t("machines.label_twice", { label: isolated(fault.label) });
    return t("machines.label_unfit", { label: isolated(fault.label) });
  };
}
