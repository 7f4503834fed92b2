// The field for a new password, with a gentle measure of its strength; the server has the last word.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "@/ui/cx";
import { Field, PasswordInput } from "@/ui/field";

interface NewPasswordProps {
  name: string;
  label: string;
  error?: string | undefined;
}

export function NewPassword({ name, label, error }: NewPasswordProps) {
  const { t } = useTranslation();
  const [value, setValue] = useState("");
  const level = strength(value);
  return (
    <Field
      label={label}
      error={error}
      hint={
        <span className="grid gap-1.5">
          <span aria-hidden="true" className="mt-0.5 grid grid-cols-4 gap-1">
            {[1, 2, 3, 4].map((step) => (
              <span
                key={step}
                className={cx("h-1 rounded-full transition-colors", step <= level ? colors[level] : "bg-line")}
              />
            ))}
          </span>
          {value ? t(`password.strength_${level}`) : t("password.hint")}
        </span>
      }
    >
      <PasswordInput name={name} autoComplete="new-password" value={value} onChange={(e) => setValue(e.target.value)} />
    </Field>
  );
}

type Level = 0 | 1 | 2 | 3 | 4;

const colors: Record<Level, string> = { 0: "", 1: "bg-danger", 2: "bg-warn", 3: "bg-ok", 4: "bg-ok" };

/** Length counts most; variety helps a little. */
function strength(password: string): Level {
  const length = [...password].length;
  if (length === 0) return 0;
  if (length < 10) return 1;
  const kinds = [/\p{Ll}|\p{Lo}/u, /\p{Lu}/u, /\d/, /[^\p{L}\d]/u].filter((kind) => kind.test(password)).length;
  const distinct = new Set(password).size;
  if (distinct < 6) return 1;
  if (length >= 16 && (kinds >= 2 || length >= 22)) return 4;
  // A word with digits behind it is what everybody tries first.
  if (/^\p{L}+[\d\p{P}]*$/u.test(password)) return 2;
  return length >= 12 && kinds >= 2 ? 3 : 2;
}
