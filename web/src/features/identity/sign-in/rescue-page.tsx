// The way back: whoever holds a rescue link from the server sets a new password, then signs in with it.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { Button, buttonLook } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { Notice } from "@/ui/notice";
import { ErrorState, ProblemNotice } from "@/ui/problem";
import { Skeleton } from "@/ui/states";
import { Ago } from "@/ui/time";
import { toast } from "@/ui/toast";
import { NewPassword } from "../new-password";
import { Frame } from "./frame";
import { useLinkToken } from "./link-token";

export default function RescuePage() {
  const { t } = useTranslation();
  const token = useLinkToken();
  const preview = useQuery({
    queryKey: ["rescue-preview", token],
    queryFn: ({ signal }) => unwrap(api.POST("/auth/rescue/preview", { body: { token: token ?? "" }, signal })),
    enabled: token !== null,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return (
    <Frame title={t("rescue.title")} lead={preview.data && t("rescue.lead", { name: preview.data.name })}>
      {!token && <Notice title={t("rescue.missing.title")}>{t("rescue.missing.text")}</Notice>}
      {token && preview.isPending && <Skeleton className="h-40" />}
      {preview.isError && (
        <>
          <ErrorState error={preview.error} />
          <Link to="/sign-in" className={buttonLook("secondary")}>
            {t("sign_in.redeem.again")}
          </Link>
        </>
      )}
      {token && preview.data && (
        <>
          <RescueForm token={token} email={preview.data.email} />
          <ul className="mt-4 grid gap-1 text-sm text-faint">
            <li>{t("rescue.ends_sessions")}</li>
            {preview.data.drops_second_factor && <li>{t("rescue.drops_second_factor")}</li>}
            {preview.data.second_factor_stays && <li>{t("rescue.second_factor_stays")}</li>}
            <li>
              {t("rescue.expires")} <Ago at={preview.data.expires_at} />
            </li>
          </ul>
        </>
      )}
    </Frame>
  );
}

function RescueForm({ token, email }: { token: string; email: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const form = useForm({
    fields: { password: required },
    submit: async ({ password }) => {
      await unwrap(api.POST("/auth/rescue", { body: { token, password } }));
      toast(t("rescue.done"));
      await navigate({ to: "/sign-in", replace: true });
    },
  });
  return (
    <form {...form.props} className="grid gap-4">
      <ProblemNotice problem={form.problem} />
      <Field label={t("sign_in.email")}>
        <Input code value={email} readOnly autoComplete="username" className="bg-raised" />
      </Field>
      <NewPassword name="password" label={t("profile.password.new")} error={form.errors.password} />
      <Button type="submit" look="primary" busy={form.busy} className="mt-1 w-full">
        {t("rescue.action")}
      </Button>
    </form>
  );
}
