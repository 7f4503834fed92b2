import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import { useMe } from "@/app/me";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Notice } from "@/ui/notice";
import { Section } from "@/ui/page";
import { ProblemNotice } from "@/ui/problem";
import { RecoveryCodes } from "./recovery-codes";
import { TotpSetup } from "./totp-setup";

const FEW_CODES = 3;

export function TotpSection() {
  const { t } = useTranslation();
  const { totp_enabled, recovery_codes_left } = useMe();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<"disable" | "regenerate" | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: ["me"] });
  const start = useMutation({ mutationFn: () => unwrap(api.POST("/me/totp")) });
  const show = (fresh: string[]) => {
    setCodes(fresh);
    start.reset();
    void refresh();
  };
  return (
    <Section
      title={t("profile.totp.title")}
      lead={t("profile.totp.lead")}
      actions={
        <Badge tone={totp_enabled ? "ok" : "warn"}>{totp_enabled ? t("profile.totp.on") : t("profile.totp.off")}</Badge>
      }
    >
      <ProblemNotice problem={start.error ? toProblem(start.error) : null} />
      {!totp_enabled && (
        <Button look="primary" icon="phone" busy={start.isPending} onClick={() => start.mutate()}>
          {t("profile.totp.start")}
        </Button>
      )}
      {totp_enabled && (
        <div className="grid gap-4">
          {recovery_codes_left <= FEW_CODES && (
            <Notice tone="warn">{t("profile.recovery.few", { count: recovery_codes_left })}</Notice>
          )}
          <p className="text-muted">{t("profile.recovery.left", { count: recovery_codes_left })}</p>
          <div className="flex flex-wrap gap-2">
            <Button icon="refresh" onClick={() => setAsking("regenerate")}>
              {t("profile.recovery.regenerate")}
            </Button>
            <Button look="quiet" onClick={() => setAsking("disable")}>
              {t("profile.totp.disable")}
            </Button>
          </div>
        </div>
      )}
      {start.data && <TotpSetup setup={start.data} onDone={show} onClose={() => start.reset()} />}
      {codes && <RecoveryCodes codes={codes} onClose={() => setCodes(null)} />}
      {asking === "disable" && (
        <Confirm
          title={t("profile.totp.disable_title")}
          action={t("profile.totp.disable")}
          run={async () => {
            await unwrap(api.DELETE("/me/totp"));
            await refresh();
          }}
          onClose={() => setAsking(null)}
        >
          {t("profile.totp.disable_text")}
        </Confirm>
      )}
      {asking === "regenerate" && (
        <Confirm
          title={t("profile.recovery.regenerate_title")}
          action={t("profile.recovery.regenerate")}
          run={async () => show((await unwrap(api.POST("/me/recovery-codes"))).recovery_codes)}
          onClose={() => setAsking(null)}
        >
          {t("profile.recovery.regenerate_text")}
        </Confirm>
      )}
    </Section>
  );
}
