// Where a value is typed or pasted: masked, with a switch to look at it. It lives in the form only.
import { type ComponentProps, useState } from "react";
import { useTranslation } from "react-i18next";
import type { SecretKind } from "@/api/types";
import { cx } from "@/ui/cx";
import { Field, Textarea } from "@/ui/field";
import { Icon } from "@/ui/icon";

interface ValueFieldProps {
  kind: SecretKind;
  error: string | undefined;
  autoFocus?: boolean;
}

export function ValueField({ kind, error, autoFocus }: ValueFieldProps) {
  const { t } = useTranslation();
  const oneLine = kind === "password" || kind === "api_key" || kind === "totp";
  return (
    <Field label={t("vault.value")} hint={t(`vault.kind_hint_${kind}`)} error={error}>
      <MaskedText name="value" rows={oneLine ? 2 : 6} autoFocus={autoFocus} />
    </Field>
  );
}

/** Text that nobody who looks over a shoulder reads. */
export function MaskedText({ className, ...rest }: ComponentProps<"textarea">) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  return (
    <span dir="ltr" className="relative block">
      <Textarea
        dir="ltr"
        autoComplete="off"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        className={cx("block min-h-0! pe-11 font-mono text-sm", !shown && "[-webkit-text-security:disc]", className)}
        {...rest}
      />
      <button
        type="button"
        aria-pressed={shown}
        aria-label={t("vault.show_value")}
        title={t("vault.show_value")}
        onClick={() => setShown(!shown)}
        className="absolute end-0 top-0 grid size-10 place-items-center rounded-md text-faint hover:text-ink"
      >
        <Icon name={shown ? "eye-off" : "eye"} />
      </button>
    </span>
  );
}

/** Blanks and line breaks around what was pasted belong to it only where the form of the kind says nothing. */
export function pasted(value: string, kind: SecretKind): string {
  return kind === "free" || kind === "password" ? value.replace(/\r\n/g, "\n").replace(/\n$/, "") : value.trim();
}
