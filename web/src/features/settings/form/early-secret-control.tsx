// A secret that is needed before the vault is open, so that it can only stand in the file or in the environment.
import { useTranslation } from "react-i18next";
import { Field, PasswordInput } from "@/ui/field";
import { useComplaint, useEditing } from "../editing";
import { keyOf } from "../model/edits";
import { DOTS } from "../model/schema";
import { useSettingTexts } from "../words";
import { ComplaintText } from "./complaint";
import type { ControlProps } from "./control";

export function EarlySecretControl({ path, value, disabled, onChange, isTop }: ControlProps) {
  const { t } = useTranslation();
  const texts = useSettingTexts();
  const complaint = useComplaint(path);
  const { settings } = useEditing();
  const variable = settings.items.find((one) => keyOf(one) === path)?.variable;
  const isHidden = value === DOTS;
  return (
    <Field
      label={texts.name(path)}
      hideLabel={isTop ?? false}
      hint={!disabled && t("settings.secret.early", { variable: `\u2066${variable ?? ""}\u2069` })}
      error={complaint && <ComplaintText complaint={complaint} />}
    >
      <PasswordInput
        autoComplete="off"
        placeholder={t(isHidden ? "settings.secret.hidden" : "settings.not_set")}
        value={isHidden || value == null ? "" : String(value)}
        disabled={disabled}
        onChange={(event) => onChange(event.target.value || null)}
      />
    </Field>
  );
}
