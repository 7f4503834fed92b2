// Accepting an invitation: shows who invites, as what, and asks for a name and a password.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import type { Language } from "@/api/types";
import { setLanguage } from "@/i18n";
import { Button, buttonLook } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Field, Input } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { Notice } from "@/ui/notice";
import { ProblemNotice } from "@/ui/problem";
import { Skeleton } from "@/ui/states";
import { Ago } from "@/ui/time";
import { NewPassword } from "../new-password";
import { useFinishSignIn } from "./finish";
import { Frame } from "./frame";
import { useLinkToken } from "./link-token";

export default function JoinPage() {
  const { t } = useTranslation();
  const token = useLinkToken();
  const preview = useQuery({
    queryKey: ["invitation-preview", token],
    queryFn: ({ signal }) => unwrap(api.POST("/invitations/preview", { body: { token: token ?? "" }, signal })),
    enabled: token !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  // The page speaks the language of the invitation; whoever reads another one still changes it below.
  const language = preview.data?.language;
  useEffect(() => {
    if (language) void setLanguage(language);
  }, [language]);
  const lead =
    preview.data && t("join.lead", { name: preview.data.invited_by_name, role: t(`role.${preview.data.role}`) });
  return (
    <Frame title={t("join.title")} lead={lead}>
      {!token && <Notice title={t("join.missing.title")}>{t("join.missing.text")}</Notice>}
      {token && preview.isPending && <Skeleton className="h-40" />}
      {preview.isError && (
        <>
          <ProblemNotice problem={toProblem(preview.error)} />
          <Link to="/sign-in" className={cx(buttonLook("primary"), "mt-5 w-full")}>
            {t("sign_in.redeem.again")}
          </Link>
        </>
      )}
      {token && preview.data && (
        <>
          <JoinForm token={token} email={preview.data.email} />
          <p className="mt-4 text-sm text-faint">
            {t("join.expires")} <Ago at={preview.data.expires_at} />
          </p>
        </>
      )}
    </Frame>
  );
}

function JoinForm({ token, email }: { token: string; email: string }) {
  const { t, i18n } = useTranslation();
  const finish = useFinishSignIn();
  const form = useForm({
    fields: { name: required, password: required },
    submit: async (values) => {
      const language: Language = i18n.language === "ar" ? "ar" : "en";
      const body = { token, language, name: values.name.trim(), password: values.password };
      await finish(await unwrap(api.POST("/invitations/accept", { body })));
    },
  });
  return (
    <form {...form.props} className="grid gap-4">
      <ProblemNotice problem={form.problem} />
      <Field label={t("sign_in.email")}>
        <Input code value={email} readOnly autoComplete="username" className="bg-raised" />
      </Field>
      <Field label={t("join.name")} error={form.errors.name}>
        <Input name="name" autoComplete="name" />
      </Field>
      <NewPassword name="password" label={t("sign_in.password")} error={form.errors.password} />
      <Button type="submit" look="primary" busy={form.busy} className="mt-1 w-full">
        {t("join.action")}
      </Button>
    </form>
  );
}
