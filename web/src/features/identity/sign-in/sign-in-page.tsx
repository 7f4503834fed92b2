// The sign-in page: password, passkey, link by e-mail and outside providers, then a second factor where one is set.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError, problemFrom } from "@/api/problem";
import { setupQuery } from "@/api/queries";
import { safeReturnTo } from "@/app/return-to";
import { Button } from "@/ui/button";
import { Notice } from "@/ui/notice";
import { ErrorState, useProblemText } from "@/ui/problem";
import { Skeleton } from "@/ui/states";
import { type Challenge, useFinishSignIn } from "./finish";
import { Frame } from "./frame";
import { useArrivingChallenge } from "./link-token";
import { MagicLinkForm } from "./magic-link-form";
import { OtherWays } from "./other-ways";
import { PasswordForm } from "./password-form";
import { SecondFactor } from "./second-factor";

type Step = { at: "choose" } | { at: "link" } | { at: "second"; challenge: Challenge };

const route = getRouteApi("/sign-in");

export default function SignInPage() {
  const { t } = useTranslation();
  const { return_to, error } = route.useSearch();
  const setup = useQuery(setupQuery);
  const finish = useFinishSignIn(return_to);
  const text = useProblemText();
  const arriving = useArrivingChallenge();
  const [step, setStep] = useState<Step>(arriving ? { at: "second", challenge: arriving } : { at: "choose" });
  const back = () => setStep({ at: "choose" });

  async function signedIn(result: Parameters<typeof finish>[0]) {
    const challenge = await finish(result);
    if (challenge) setStep({ at: "second", challenge });
  }

  if (step.at === "second") {
    return (
      <Frame title={t("sign_in.second.title")} lead={t("sign_in.second.lead")}>
        <SecondFactor challenge={step.challenge} onResult={signedIn} onBack={back} />
      </Frame>
    );
  }
  if (step.at === "link") {
    return (
      <Frame title={t("sign_in.link.title")} lead={t("sign_in.link.lead")}>
        <MagicLinkForm returnTo={return_to && safeReturnTo(return_to)} onBack={back} />
      </Frame>
    );
  }
  if (setup.data?.needs_owner) {
    return (
      <Frame title={t("welcome.title")} lead={t("welcome.lead")}>
        <Notice title={t("welcome.no_link.title")}>{t("welcome.no_link.text")}</Notice>
        <Button className="mt-4" icon="refresh" onClick={() => void setup.refetch()}>
          {t("common.try_again")}
        </Button>
      </Frame>
    );
  }
  return (
    <Frame title={t("sign_in.title")} lead={t("sign_in.lead")}>
      {error && (
        <Notice
          tone={error === "session_ended" ? "info" : "danger"}
          live
          className="mb-5"
          title={text(new ProblemError(problemFrom({ code: error }, 401)))}
        />
      )}
      {setup.isPending && <FormSkeleton />}
      {setup.isError && <ErrorState error={setup.error} retry={() => void setup.refetch()} />}
      {setup.data?.sign_in.password && <PasswordForm onResult={signedIn} />}
      {setup.data && (
        <OtherWays
          ways={setup.data.sign_in}
          returnTo={return_to}
          onResult={signedIn}
          onLink={() => setStep({ at: "link" })}
        />
      )}
    </Frame>
  );
}

function FormSkeleton() {
  return (
    <div className="grid gap-5">
      <Skeleton className="h-9" />
      <Skeleton className="h-9" />
      <Skeleton className="h-9" />
    </div>
  );
}
