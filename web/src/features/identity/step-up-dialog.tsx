// Asks for a fresh proof of identity before something dangerous; the call that needed it then goes on by itself.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import { meQuery } from "@/api/queries";
import type { Me } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input, PasswordInput } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { passkeysSupported, provePasskey } from "./webauthn";
import { wrongPassword } from "./wrong-password";

type Method = "passkey" | "totp" | "password" | "recovery_code";

export default function StepUpDialog({ onSettled }: { onSettled: (proven: boolean) => void }) {
  const { t } = useTranslation();
  const me = useQuery(meQuery);
  const methods = me.data ? methodsOf(me.data) : [];
  const [chosen, setChosen] = useState<Method | null>(null);
  const method = chosen ?? methods[0];
  return (
    <Dialog open onClose={() => onSettled(false)} title={t("step_up.title")} description={t("step_up.lead")}>
      {method === "passkey" && <PasskeyProof onProven={() => onSettled(true)} />}
      {method && method !== "passkey" && <SecretProof key={method} method={method} onSettled={onSettled} />}
      <ul className="mt-4 grid gap-1 border-t border-line pt-3 empty:hidden">
        {methods
          .filter((one) => one !== method)
          .map((one) => (
            <li key={one}>
              <Button look="quiet" size="sm" onClick={() => setChosen(one)}>
                {t(`step_up.use_${one}`)}
              </Button>
            </li>
          ))}
      </ul>
    </Dialog>
  );
}

function methodsOf(me: Me): Method[] {
  const methods: Method[] = [];
  if (me.passkey_count > 0 && passkeysSupported()) methods.push("passkey");
  if (me.totp_enabled) methods.push("totp");
  // Whoever has a second factor proves that one.
  if (me.has_password && !me.totp_enabled) methods.push("password");
  if (me.totp_enabled && me.recovery_codes_left > 0) methods.push("recovery_code");
  return methods;
}

function PasskeyProof({ onProven }: { onProven: () => void }) {
  const { t } = useTranslation();
  const proof = useMutation({
    mutationFn: async () => {
      const { challenge_id, options } = await unwrap(api.POST("/auth/step-up/passkey/start"));
      const credential = await provePasskey(options);
      await unwrap(api.POST("/auth/step-up/passkey/finish", { body: { challenge_id, credential } }));
    },
    onSuccess: onProven,
  });
  return (
    <div className="grid gap-4">
      <ProblemNotice problem={proof.error ? toProblem(proof.error) : null} />
      <Button look="primary" icon="key" busy={proof.isPending} onClick={() => proof.mutate()}>
        {t("step_up.passkey_action")}
      </Button>
    </div>
  );
}

interface SecretProofProps {
  method: Exclude<Method, "passkey">;
  onSettled: (proven: boolean) => void;
}

function SecretProof({ method, onSettled }: SecretProofProps) {
  const { t } = useTranslation();
  const form = useForm({
    fields: { secret: required },
    submit: async ({ secret }) => {
      await unwrap(
        api.POST("/auth/step-up", { body: { method, secret: method === "password" ? secret : secret.trim() } }),
      ).catch((error) => {
        throw wrongPassword(error, "secret");
      });
      onSettled(true);
    },
  });
  return (
    <form {...form.props} className="grid gap-4">
      <ProblemNotice problem={form.problem} />
      <Field label={t(`step_up.${method}`)} error={form.errors.secret}>
        {method === "password" ? (
          <PasswordInput name="secret" autoComplete="current-password" autoFocus />
        ) : (
          <Input
            name="secret"
            code
            autoComplete="one-time-code"
            inputMode={method === "totp" ? "numeric" : "text"}
            autoFocus
          />
        )}
      </Field>
      <DialogActions>
        <Button onClick={() => onSettled(false)}>{t("common.cancel")}</Button>
        <Button type="submit" look="primary" busy={form.busy}>
          {t("step_up.confirm")}
        </Button>
      </DialogActions>
    </form>
  );
}
