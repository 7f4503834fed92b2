// Says on every screen of the vault that it is sealed, why, and lets an owner change it.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import type { VaultStatus } from "@/api/types";
import { useCan } from "@/app/me";
import { Button } from "@/ui/button";
import { More } from "@/ui/more";
import { Notice } from "@/ui/notice";
import { ProblemNotice } from "@/ui/problem";
import { SecretLine } from "@/ui/secret-line";
import { toast } from "@/ui/toast";
import { vaultQuery } from "../queries";
import { useRefresh } from "../use-vault";
import { SetupDialog } from "./setup-dialog";
import { UnsealDialog } from "./unseal-dialog";

export function SealBanner() {
  const vault = useQuery({ ...vaultQuery, enabled: useCan("status.read") });
  return vault.data?.sealed ? <Sealed vault={vault.data} /> : null;
}

export function Sealed({ vault }: { vault: VaultStatus }) {
  const { t } = useTranslation();
  const mayUnseal = useCan("vault.manage");
  const fresh = vault.why === "not_initialised";
  return (
    <Notice
      tone="warn"
      live
      className="mb-6"
      title={t(fresh ? "vault.sealed.title_not_initialised" : "vault.sealed.title")}
    >
      <p>{vault.why && t(`vault.sealed.why_${vault.why}`)}</p>
      {vault.detail && !fresh && vault.why !== "by_hand" && vault.why !== "passphrase_needed" && (
        <More label={t("problem_detail.more")}>
          <bdi dir="ltr" className="text-sm wrap-anywhere">
            {vault.detail}
          </bdi>
        </More>
      )}
      {mayUnseal && !fresh && vault.why !== "by_hand" && <Lost />}
      {mayUnseal ? <WayOut vault={vault} fresh={fresh} /> : <p>{t("vault.sealed.ask_owner")}</p>}
    </Notice>
  );
}

/** Told, not offered as a button: what it does cannot be undone. */
function Lost() {
  const { t } = useTranslation();
  return (
    <More label={t("vault.sealed.lost")}>
      <p className="mb-2 max-w-prose">{t("vault.sealed.lost_text")}</p>
      <SecretLine text="diwan unseal --start-over key-file" />
    </More>
  );
}

function WayOut({ vault, fresh }: { vault: VaultStatus; fresh: boolean }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [asking, setAsking] = useState(false);
  const needsWords = fresh || vault.master_key?.guard === "passphrase" || vault.why === "passphrase_needed";
  const unseal = useMutation({
    mutationFn: () => unwrap(api.POST("/vault/unseal", { body: {} })),
    onSuccess: async () => {
      toast(t("vault.unseal.done"));
      await refresh();
    },
  });
  const close = () => setAsking(false);
  return (
    <div className="mt-3 grid gap-3">
      <ProblemNotice problem={unseal.error ? toProblem(unseal.error) : null} />
      <Button
        look="primary"
        icon="key"
        className="justify-self-start"
        busy={unseal.isPending}
        onClick={() => (needsWords ? setAsking(true) : unseal.mutate())}
      >
        {t(fresh ? "vault.sealed.set_up" : "vault.sealed.unseal")}
      </Button>
      {asking && (fresh ? <SetupDialog onClose={close} /> : <UnsealDialog onClose={close} />)}
    </div>
  );
}
