import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { SignInResult } from "@/api/types";
import { Button } from "@/ui/button";
import { Field, Input, PasswordInput } from "@/ui/field";
import { email, required, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";

export function PasswordForm({ onResult }: { onResult: (result: SignInResult) => Promise<unknown> }) {
  const { t } = useTranslation();
  const form = useForm({
    fields: { email, password: required },
    submit: async (values) => {
      const body = { email: values.email.trim(), password: values.password };
      await onResult(await unwrap(api.POST("/auth/password", { body })));
    },
  });
  return (
    <form {...form.props} className="grid gap-4">
      <ProblemNotice problem={form.problem} />
      <Field label={t("sign_in.email")} error={form.errors.email}>
        <Input name="email" type="email" code autoFocus={hasKeyboard()} autoComplete="username webauthn" />
      </Field>
      <Field label={t("sign_in.password")} error={form.errors.password}>
        <PasswordInput name="password" autoComplete="current-password" />
      </Field>
      <Button type="submit" look="primary" busy={form.busy} className="mt-1 w-full">
        {t("sign_in.action")}
      </Button>
    </form>
  );
}

/** On a touch screen the focus would call up a keyboard that covers half of the page. */
function hasKeyboard(): boolean {
  return matchMedia("(pointer: fine)").matches;
}
