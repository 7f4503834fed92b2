// The first run: whoever holds the link from the terminal becomes the owner.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { setupQuery } from "@/api/queries";
import type { Language } from "@/api/types";
import { Button, buttonLook } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { email, required, useForm } from "@/ui/form";
import { Notice } from "@/ui/notice";
import { ProblemNotice } from "@/ui/problem";
import { NewPassword } from "../new-password";
import { useFinishSignIn } from "./finish";
import { Frame } from "./frame";
import { useLinkToken } from "./link-token";

export default function WelcomePage() {
  const { t } = useTranslation();
  const token = useLinkToken();
  const setup = useQuery(setupQuery);
  if (setup.data && !setup.data.needs_owner) return <AlreadyOwned />;
  return (
    <Frame title={t("welcome.title")} lead={t("welcome.lead")}>
      {token ? (
        <OwnerForm token={token} />
      ) : (
        <Notice title={t("welcome.no_link.title")}>{t("welcome.no_link.text")}</Notice>
      )}
    </Frame>
  );
}

function AlreadyOwned() {
  const { t } = useTranslation();
  return (
    <Frame title={t("welcome.title")} lead={t("problem.setup_already_done")}>
      <Link to="/sign-in" className={buttonLook("primary")}>
        {t("sign_in.action")}
      </Link>
    </Frame>
  );
}

function OwnerForm({ token }: { token: string }) {
  const { t, i18n } = useTranslation();
  const finish = useFinishSignIn();
  const form = useForm({
    fields: { name: required, email, password: required },
    submit: async (values) => {
      const language: Language = i18n.language === "ar" ? "ar" : "en";
      const body = { token, language, ...values, name: values.name.trim(), email: values.email.trim() };
      await finish(await unwrap(api.POST("/setup/owner", { body })));
    },
  });
  return (
    <form {...form.props} className="grid gap-4">
      <ProblemNotice problem={form.problem} />
      <Field label={t("join.name")} error={form.errors.name}>
        <Input name="name" autoComplete="name" />
      </Field>
      <Field label={t("sign_in.email")} error={form.errors.email}>
        <Input name="email" type="email" code autoComplete="username" />
      </Field>
      <NewPassword name="password" label={t("sign_in.password")} error={form.errors.password} />
      <Button type="submit" look="primary" busy={form.busy} className="mt-1 w-full">
        {t("welcome.action")}
      </Button>
    </form>
  );
}
