// How Diwan makes a value. Only passwords and API keys leave anything to choose.
import { useTranslation } from "react-i18next";
import type { SecretKind, SecretRecipe } from "@/api/types";
import { Checkbox, Field, Input } from "@/ui/field";

interface RecipeFieldsProps {
  kind: SecretKind;
  errors: { length?: string; prefix?: string; generate?: string };
  start?: SecretRecipe | null;
}

export function RecipeFields({ kind, errors, start }: RecipeFieldsProps) {
  const { t } = useTranslation();
  if (kind !== "password" && kind !== "api_key") return <p className="text-muted">{t("vault.own_length")}</p>;
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <Field label={t("vault.length")} error={errors.length}>
        <Input name="length" code inputMode="numeric" defaultValue={start?.length ?? 32} maxLength={3} />
      </Field>
      {kind === "api_key" ? (
        <Field label={t("vault.prefix")} optional error={errors.prefix ?? errors.generate}>
          <Input name="prefix" code maxLength={32} defaultValue={start?.prefix} placeholder="dwn_" />
        </Field>
      ) : (
        <span className="sm:pt-7">
          <Checkbox name="symbols" value="yes" defaultChecked={start?.symbols ?? true} label={t("vault.symbols")} />
        </span>
      )}
    </div>
  );
}

/** What was chosen, as the server wants it. */
export function readRecipe(
  kind: SecretKind,
  { length, prefix, symbols }: Record<"length" | "prefix" | "symbols", string>,
) {
  const long = length.trim() ? { length: Number(length) } : {};
  if (kind === "password") return { ...long, symbols: symbols === "yes" };
  if (kind === "api_key") return { ...long, prefix: prefix.trim() };
  return {};
}
