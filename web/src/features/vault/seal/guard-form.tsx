// What is to guard the master key, and its passphrase twice where that is the guard.
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { VaultGuard } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, PasswordInput } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { Icon } from "@/ui/icon";
import { ProblemNotice } from "@/ui/problem";

const guards: VaultGuard[] = ["key_file", "passphrase", "transit"];

interface GuardDialogProps {
  title: string;
  lead: string;
  action: string;
  first: VaultGuard;
  submit: (body: { guard: VaultGuard; passphrase?: string }) => Promise<unknown>;
  onClose: () => void;
}

export function GuardDialog({ title, lead, action, first, submit, onClose }: GuardDialogProps) {
  const { t } = useTranslation();
  const [guard, setGuard] = useState(first);
  const [typed, setTyped] = useState("");
  const withWords = guard === "passphrase";
  const form = useForm({
    fields: {
      guard: null,
      passphrase: withWords ? required : null,
      again: withWords ? (value) => (value === typed ? null : "mismatch") : null,
    },
    submit: ({ passphrase }) => submit({ guard, ...(withWords ? { passphrase } : {}) }),
  });
  return (
    <Dialog open onClose={onClose} title={title} description={lead}>
      <form {...form.props} className="grid gap-4">
        <ProblemNotice problem={form.problem} />
        <GuardChoice guard={guard} error={form.errors.guard && t("vault.guard.not_set_up")} onChange={setGuard} />
        {withWords && (
          <>
            <Field
              label={t("vault.unseal.passphrase")}
              hint={t("vault.guard.passphrase_hint")}
              error={form.errors.passphrase}
            >
              <PasswordInput
                name="passphrase"
                autoComplete="new-password"
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
              />
            </Field>
            <Field label={t("vault.guard.again")} error={form.errors.again}>
              <PasswordInput name="again" autoComplete="new-password" />
            </Field>
          </>
        )}
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

interface GuardChoiceProps {
  guard: VaultGuard;
  /** The server refuses only one that is not set up. */
  error: string | undefined;
  onChange: (guard: VaultGuard) => void;
}

function GuardChoice({ guard, error, onChange }: GuardChoiceProps) {
  const { t } = useTranslation();
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 text-sm font-medium">{t("vault.guard.label")}</legend>
      {guards.map((one) => (
        <GuardLine key={one} chosen={one === guard} onChoose={() => onChange(one)} name={t(`vault.guard.${one}`)}>
          {t(`vault.guard.${one}_means`)}
        </GuardLine>
      ))}
      {error && (
        <p role="alert" className="flex items-start gap-1.5 text-sm text-danger">
          <Icon name="warning" className="mt-0.5 size-4" />
          {error}
        </p>
      )}
    </fieldset>
  );
}

interface GuardLineProps {
  chosen: boolean;
  onChoose: () => void;
  name: string;
  children: ReactNode;
}

function GuardLine({ chosen, onChoose, name, children }: GuardLineProps) {
  return (
    <label className="flex cursor-pointer gap-3 rounded-md border border-line px-3.5 py-3 has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-(--focus)">
      <input
        type="radio"
        name="guard"
        className="mt-0.5 size-[1.125rem] shrink-0"
        checked={chosen}
        onChange={onChoose}
      />
      <span>
        <span className="block font-medium">{name}</span>
        <span className="block text-sm text-muted">{children}</span>
      </span>
    </label>
  );
}
