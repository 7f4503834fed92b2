import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { useMe } from "@/app/me";
import { Button } from "@/ui/button";
import { Field, PasswordInput } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { Section } from "@/ui/page";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { NewPassword } from "../new-password";
import { wrongPassword } from "../wrong-password";

export function PasswordSection() {
  const { t } = useTranslation();
  const { has_password, user } = useMe();
  const [open, setOpen] = useState(false);
  return (
    <Section
      title={t("profile.password.title")}
      lead={has_password ? t("profile.password.lead") : t("profile.password.none")}
      actions={
        !open && (
          <Button onClick={() => setOpen(true)}>
            {has_password ? t("profile.password.change") : t("profile.password.set")}
          </Button>
        )
      }
    >
      {open && <PasswordForm askCurrent={has_password} email={user.email} onClose={() => setOpen(false)} />}
    </Section>
  );
}

interface PasswordFormProps {
  askCurrent: boolean;
  email: string;
  onClose: () => void;
}

function PasswordForm({ askCurrent, email, onClose }: PasswordFormProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const form = useForm({
    fields: { current_password: askCurrent ? required : null, new_password: required },
    submit: async ({ current_password, new_password }) => {
      const body = { new_password, ...(askCurrent ? { current_password } : {}) };
      await unwrap(api.PUT("/me/password", { body })).catch((error) => {
        throw wrongPassword(error, "current_password");
      });
      toast(t("profile.password.changed"));
      onClose();
      await queries.invalidateQueries({ queryKey: ["me"] });
    },
  });
  return (
    <form {...form.props} className="grid max-w-sm gap-4">
      <ProblemNotice problem={form.problem} />
      <input type="text" name="username" autoComplete="username" defaultValue={email} hidden />
      {askCurrent && (
        <Field label={t("profile.password.current")} error={form.errors.current_password}>
          <PasswordInput name="current_password" autoComplete="current-password" autoFocus />
        </Field>
      )}
      <NewPassword name="new_password" label={t("profile.password.new")} error={form.errors.new_password} />
      <p className="text-sm text-faint">{t("profile.password.others")}</p>
      <div className="flex gap-2">
        <Button type="submit" look="primary" busy={form.busy}>
          {t("profile.password.change")}
        </Button>
        <Button look="quiet" onClick={onClose}>
          {t("common.cancel")}
        </Button>
      </div>
    </form>
  );
}
