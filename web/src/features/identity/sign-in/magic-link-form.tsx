import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { email, useForm } from "@/ui/form";
import { Notice } from "@/ui/notice";
import { ProblemNotice } from "@/ui/problem";

interface MagicLinkFormProps {
  returnTo: string | undefined;
  onBack: () => void;
}

export function MagicLinkForm({ returnTo, onBack }: MagicLinkFormProps) {
  const { t } = useTranslation();
  const [sent, setSent] = useState(false);
  const form = useForm({
    fields: { email },
    submit: async (values) => {
      const body = { email: values.email.trim(), ...(returnTo ? { return_to: returnTo } : {}) };
      await unwrap(api.POST("/auth/magic-link", { body }));
      setSent(true);
    },
  });
  return (
    <div className="grid gap-4">
      {sent ? (
        <Notice tone="ok" live title={t("sign_in.link.sent_title")}>
          {t("sign_in.link.sent_text")}
        </Notice>
      ) : (
        <form {...form.props} className="grid gap-4">
          <ProblemNotice problem={form.problem} />
          <Field label={t("sign_in.email")} error={form.errors.email}>
            <Input name="email" type="email" code autoComplete="email" autoFocus />
          </Field>
          <Button type="submit" look="primary" icon="mail" busy={form.busy} className="w-full">
            {t("sign_in.link.action")}
          </Button>
        </form>
      )}
      <Button look="quiet" size="sm" onClick={onBack} className="justify-self-start">
        {t("sign_in.back")}
      </Button>
    </div>
  );
}
