// The landing place of a sign-in link. It waits for a press of the button, because mail scanners open links too.
import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import type { SignInResult } from "@/api/types";
import { Button, buttonLook } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem";
import { type Challenge, useFinishSignIn } from "./finish";
import { Frame } from "./frame";
import { useLinkToken } from "./link-token";
import { SecondFactor } from "./second-factor";

const route = getRouteApi("/sign-in/link");

export default function LinkPage() {
  const { t } = useTranslation();
  const token = useLinkToken();
  const finish = useFinishSignIn(route.useSearch().return_to);
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  const signedIn = async (result: SignInResult) => setChallenge(await finish(result));
  const redeem = useMutation({
    mutationFn: async () =>
      signedIn(await unwrap(api.POST("/auth/magic-link/redeem", { body: { token: token ?? "" } }))),
  });

  if (challenge) {
    return (
      <Frame title={t("sign_in.second.title")} lead={t("sign_in.second.lead")}>
        <SecondFactor challenge={challenge} onResult={signedIn} onBack={() => setChallenge(null)} />
      </Frame>
    );
  }
  const lead = token ? t("sign_in.redeem.lead") : t("sign_in.redeem.missing");
  return (
    <Frame title={t("sign_in.redeem.title")} lead={lead}>
      <div className="grid gap-4">
        <ProblemNotice problem={redeem.error ? toProblem(redeem.error) : null} />
        {token && !redeem.isError && (
          <Button look="primary" busy={redeem.isPending} onClick={() => redeem.mutate()}>
            {t("sign_in.redeem.action")}
          </Button>
        )}
        {(!token || redeem.isError) && (
          <Link to="/sign-in" className={buttonLook("primary")}>
            {t("sign_in.redeem.again")}
          </Link>
        )}
      </div>
    </Frame>
  );
}
