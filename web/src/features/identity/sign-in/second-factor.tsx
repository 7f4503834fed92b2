import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import type { SignInResult } from "@/api/types";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import type { Challenge } from "./finish";
import { signInWithPasskey } from "./other-ways";

type CodeMethod = "totp" | "recovery_code";

interface SecondFactorProps {
  challenge: Challenge;
  onResult: (result: SignInResult) => Promise<unknown>;
  onBack: () => void;
}

export function SecondFactor({ challenge, onResult, onBack }: SecondFactorProps) {
  const { t } = useTranslation();
  const [method, setMethod] = useState<CodeMethod>(challenge.methods.includes("totp") ? "totp" : "recovery_code");
  const passkey = useMutation({ mutationFn: async () => onResult(await signInWithPasskey()) });
  const other: CodeMethod = method === "totp" ? "recovery_code" : "totp";
  return (
    <div className="grid gap-4">
      <CodeForm key={method} method={method} challenge={challenge.challenge} onResult={onResult} />
      <ProblemNotice problem={passkey.error ? toProblem(passkey.error) : null} />
      <div className="grid justify-items-start gap-0.5">
        {challenge.methods.includes(other) && (
          <Button look="quiet" size="sm" onClick={() => setMethod(other)}>
            {t(`step_up.use_${other}`)}
          </Button>
        )}
        {challenge.methods.includes("passkey") && (
          <Button look="quiet" size="sm" busy={passkey.isPending} onClick={() => passkey.mutate()}>
            {t("step_up.use_passkey")}
          </Button>
        )}
        <Button look="quiet" size="sm" onClick={onBack}>
          {t("sign_in.back")}
        </Button>
      </div>
    </div>
  );
}

interface CodeFormProps {
  method: CodeMethod;
  challenge: string;
  onResult: (result: SignInResult) => Promise<unknown>;
}

function CodeForm({ method, challenge, onResult }: CodeFormProps) {
  const { t } = useTranslation();
  const form = useForm({
    fields: { code: required },
    submit: async ({ code }) => {
      const body = { challenge, method, code: code.replaceAll(/\s/g, "") };
      await onResult(await unwrap(api.POST("/auth/second-factor", { body })));
    },
  });
  return (
    <form {...form.props} className="grid gap-4">
      <ProblemNotice problem={form.problem} />
      <Field label={t(`step_up.${method}`)} error={form.errors.code}>
        <Input
          name="code"
          code
          autoFocus
          autoComplete="one-time-code"
          inputMode={method === "totp" ? "numeric" : "text"}
          className="font-mono tracking-widest"
        />
      </Field>
      <Button type="submit" look="primary" busy={form.busy} className="w-full">
        {t("sign_in.second.action")}
      </Button>
    </form>
  );
}
