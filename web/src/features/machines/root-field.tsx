import { useId } from "react";
import { useTranslation } from "react-i18next";
import { Field, Input } from "@/ui/field";

interface RootFieldProps {
  /** The names that are known, to be chosen from. */
  roots: string[];
  value: string;
  onChange: (root: string) => void;
}

/** A directory by the name that the policy of a machine gives it. */
export function RootField({ roots, value, onChange }: RootFieldProps) {
  const { t } = useTranslation();
  const list = useId();
  return (
    <Field label={t("commands.field.root")} hint={t("commands.field.root_hint")}>
      <Input
        code
        maxLength={128}
        list={list}
        placeholder="projects"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id={list}>
        {roots.map((root) => (
          <option key={root} value={root} />
        ))}
      </datalist>
    </Field>
  );
}
