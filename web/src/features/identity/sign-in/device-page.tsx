// Approving a command line: the person compares the code in the terminal with the one here, then says yes or no.
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import { useMe } from "@/app/me";
import { Button, buttonLook } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { Notice } from "@/ui/notice";
import { ProblemNotice } from "@/ui/problem";
import { Skeleton } from "@/ui/states";
import { Ago } from "@/ui/time";
import { Frame } from "./frame";

const route = getRouteApi("/signed-in/device");

export default function DevicePage() {
  const { t } = useTranslation();
  const { code } = route.useSearch();
  return (
    <Frame title={t("device.title")} lead={code ? t("device.lead") : t("device.enter_lead")}>
      {code ? <Decision key={code} code={code} /> : <CodeForm />}
    </Frame>
  );
}

function CodeForm() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const form = useForm({
    fields: { code: required },
    submit: ({ code }) => navigate({ to: "/device", search: { code: code.trim().toUpperCase() } }),
  });
  return (
    <form {...form.props} className="grid gap-4">
      <Field label={t("device.code")} error={form.errors.code}>
        <Input name="code" code autoFocus autoComplete="off" placeholder="ABCD-EFGH" className="font-mono uppercase" />
      </Field>
      <Button type="submit" look="primary" busy={form.busy}>
        {t("device.continue")}
      </Button>
    </form>
  );
}

function Decision({ code }: { code: string }) {
  const { t } = useTranslation();
  const { user } = useMe();
  const [done, setDone] = useState<"approved" | "denied" | null>(null);
  const path = { params: { path: { user_code: code } } };
  const request = useQuery({
    queryKey: ["device", code],
    queryFn: ({ signal }) => unwrap(api.GET("/auth/device/{user_code}", { ...path, signal })),
  });
  const approve = useMutation({
    mutationFn: () => unwrap(api.POST("/auth/device/{user_code}/approve", path)),
    onSuccess: () => setDone("approved"),
  });
  const deny = useMutation({
    mutationFn: () => unwrap(api.POST("/auth/device/{user_code}/deny", path)),
    onSuccess: () => setDone("denied"),
  });
  const failure = request.error ?? approve.error ?? deny.error;
  const gone = failure ? toProblem(failure).status === 404 : false;

  if (done) return <Notice tone={done === "approved" ? "ok" : "info"} live title={t(`device.${done}`)} />;
  if (request.isPending) return <Skeleton className="h-44" />;
  return (
    <div className="grid gap-5">
      {gone ? (
        <Notice tone="warn" live title={t("device.gone")}>
          {t("device.gone_text")}
        </Notice>
      ) : (
        <ProblemNotice problem={failure ? toProblem(failure) : null} />
      )}
      {request.data && !gone ? (
        <>
          <p dir="ltr" className="rounded-lg border border-line bg-raised py-5 text-center font-mono text-2xl">
            {request.data.user_code}
          </p>
          <dl className="grid grid-cols-[auto_1fr] gap-x-5 gap-y-1.5">
            <dt className="text-faint">{t("device.client")}</dt>
            <dd>
              <bdi>{request.data.client_name}</bdi>
            </dd>
            <dt className="text-faint">{t("device.address")}</dt>
            <dd>
              <bdi dir="ltr">{request.data.address}</bdi>
            </dd>
            <dt className="text-faint">{t("device.asked")}</dt>
            <dd>
              <Ago at={request.data.requested_at} />
            </dd>
            <dt className="text-faint">{t("device.as")}</dt>
            <dd>
              <bdi>{user.name}</bdi>
            </dd>
          </dl>
          <Notice tone="warn">{t("device.warning")}</Notice>
          <div className="grid grid-cols-2 gap-2">
            <Button busy={deny.isPending} onClick={() => deny.mutate()}>
              {t("device.deny")}
            </Button>
            <Button look="primary" busy={approve.isPending} onClick={() => approve.mutate()}>
              {t("device.approve")}
            </Button>
          </div>
        </>
      ) : (
        <Link to="/device" search={{}} className={buttonLook("primary")}>
          {t("device.other_code")}
        </Link>
      )}
    </div>
  );
}
