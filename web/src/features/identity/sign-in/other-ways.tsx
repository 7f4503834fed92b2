import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, apiBase, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import type { SignInResult } from "@/api/types";
import { safeReturnTo } from "@/app/return-to";
import { Button, buttonLook } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { ProblemNotice } from "@/ui/problem";
import { passkeysSupported, provePasskey } from "../webauthn";

interface OtherWaysProps {
  ways: { password: boolean; passkey: boolean; magic_link: boolean; oidc: { id: string; label: string }[] };
  returnTo: string | undefined;
  onResult: (result: SignInResult) => Promise<unknown>;
  onLink: () => void;
}

export function OtherWays({ ways, returnTo, onResult, onLink }: OtherWaysProps) {
  const { t } = useTranslation();
  const passkey = useMutation({ mutationFn: async () => onResult(await signInWithPasskey()) });
  const withPasskey = ways.passkey && passkeysSupported();
  if (!withPasskey && !ways.magic_link && ways.oidc.length === 0) return null;
  return (
    <div className="mt-6 grid gap-2.5">
      {ways.password && (
        <p className="mb-1 flex items-center gap-3 text-sm text-faint before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
          {t("sign_in.or")}
        </p>
      )}
      {withPasskey && (
        <Button icon="key" busy={passkey.isPending} onClick={() => passkey.mutate()}>
          {t("sign_in.with_passkey")}
        </Button>
      )}
      {ways.magic_link && (
        <Button icon="mail" onClick={onLink}>
          {t("sign_in.with_link")}
        </Button>
      )}
      {ways.oidc.map((provider) => (
        <a key={provider.id} href={oidcStart(provider.id, returnTo)} className={cx(buttonLook(), "w-full")}>
          <Icon name="shield" />
          {t("sign_in.with_provider", { provider: provider.label })}
        </a>
      ))}
      <ProblemNotice problem={passkey.error ? toProblem(passkey.error) : null} />
    </div>
  );
}

export async function signInWithPasskey(): Promise<SignInResult> {
  const { challenge_id, options } = await unwrap(api.POST("/auth/passkey/start"));
  const credential = await provePasskey(options);
  return unwrap(api.POST("/auth/passkey/finish", { body: { challenge_id, credential } }));
}

function oidcStart(provider: string, returnTo: string | undefined): string {
  const query = new URLSearchParams({ return_to: safeReturnTo(returnTo) });
  return `${apiBase}/auth/oidc/${encodeURIComponent(provider)}/start?${query}`;
}
