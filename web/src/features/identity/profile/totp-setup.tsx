import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { More } from "@/ui/more";
import { ProblemNotice } from "@/ui/problem";
import { SecretLine } from "@/ui/secret-line";
import { QrCode } from "./qr-code";

interface TotpSetupProps {
  setup: { secret: string; uri: string };
  onDone: (codes: string[]) => void;
  onClose: () => void;
}

export function TotpSetup({ setup, onDone, onClose }: TotpSetupProps) {
  const { t } = useTranslation();
  const form = useForm({
    fields: { code: required },
    submit: async ({ code }) => {
      const answer = await unwrap(api.POST("/me/totp/confirm", { body: { code: code.replaceAll(/\s/g, "") } }));
      onDone(answer.recovery_codes);
    },
  });
  return (
    <Dialog open onClose={onClose} title={t("profile.totp.setup_title")} description={t("profile.totp.setup_lead")}>
      <form {...form.props} className="grid gap-4">
        <QrCode text={setup.uri} label={t("profile.totp.qr")} />
        <More label={t("profile.totp.by_hand")}>
          <SecretLine text={setup.secret} />
        </More>
        <ProblemNotice problem={form.problem} />
        <Field label={t("step_up.totp")} error={form.errors.code}>
          <Input
            name="code"
            code
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={7}
            className="font-mono"
          />
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("profile.totp.confirm")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
