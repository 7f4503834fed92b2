import { useTranslation } from "react-i18next";
import { Field, Input, Select } from "@/ui/field";
import { type Span, type Unit, units } from "./span";

interface SpanFieldProps {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  optional?: boolean;
  value: Span;
  onChange: (value: Span) => void;
}

/** A length of time: a number, and its unit beside it. */
export function SpanField({ label, hint, error, optional, value, onChange }: SpanFieldProps) {
  const { t } = useTranslation();
  return (
    <Field label={label} hint={hint} error={error} optional={optional ?? false}>
      <span className="flex gap-2">
        <Input
          code
          inputMode="decimal"
          maxLength={9}
          value={value.amount}
          onChange={(event) => onChange({ ...value, amount: event.target.value })}
          className="max-w-28"
        />
        <Select
          id={undefined}
          aria-label={t("jobs.form.unit_of", { field: label })}
          value={value.unit}
          onChange={(event) => onChange({ ...value, unit: event.target.value as Unit })}
          className="w-32"
        >
          {units.map((unit) => (
            <option key={unit} value={unit}>
              {t(`jobs.form.unit.${unit}`)}
            </option>
          ))}
        </Select>
      </span>
    </Field>
  );
}
