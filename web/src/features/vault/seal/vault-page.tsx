import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { VaultStatus } from "@/api/types";
import { useCan } from "@/app/me";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Icon } from "@/ui/icon";
import { Card, Section } from "@/ui/page";
import { ErrorState } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import { toast } from "@/ui/toast";
import { Fact, Facts } from "../facts";
import { vaultQuery } from "../queries";
import { useRefresh } from "../use-vault";
import { VaultFrame } from "../vault-frame";
import { useVaultWords } from "../words";
import { MasterKey } from "./master-key";
import { Verification } from "./verification";

export default function VaultPage() {
  useVaultWords();
  const { t } = useTranslation();
  return (
    <VaultFrame tab="vault" lead={t("vault.state_card.lead")} needs="secrets.manage">
      <State />
    </VaultFrame>
  );
}

function State() {
  const vault = useQuery(vaultQuery);
  if (!vault.data) {
    return (
      <Card>
        {vault.isPending ? <SkeletonRows rows={4} /> : <ErrorState error={vault.error} retry={() => vault.refetch()} />}
      </Card>
    );
  }
  return (
    <>
      {!vault.data.sealed && <Unsealed vault={vault.data} />}
      {vault.data.master_key && <MasterKey vault={vault.data} />}
      {!vault.data.sealed && <Verification />}
    </>
  );
}

function Unsealed({ vault }: { vault: VaultStatus }) {
  const { t } = useTranslation();
  const format = useFormat();
  const refresh = useRefresh();
  const maySeal = useCan("vault.manage");
  const [asking, setAsking] = useState(false);
  async function seal() {
    await unwrap(api.POST("/vault/seal"));
    toast(t("vault.state_card.sealed_done"));
    await refresh();
  }
  return (
    <Section
      title={t("vault.state_card.title")}
      actions={
        maySeal && (
          <Button icon="lock" onClick={() => setAsking(true)}>
            {t("vault.state_card.seal")}
          </Button>
        )
      }
    >
      <p className="flex items-center gap-3">
        <span className="grid size-10 shrink-0 place-items-center rounded-full bg-ok-soft text-ok">
          <Icon name="shield-check" />
        </span>
        <span>
          <span className="block font-medium">{t("vault.state_card.unsealed")}</span>
          <span className="block text-muted">{t("vault.state_card.unsealed_text")}</span>
        </span>
      </p>
      <Facts className="mt-5">
        {vault.secrets != null && <Fact label={t("vault.state_card.secrets")}>{format.number(vault.secrets)}</Fact>}
        <Fact label={t("vault.state_card.backends")}>
          {vault.backends.map((name) => (
            <bdi key={name} className="me-3">
              {name === "local" ? t("vault.backend_local") : name}
            </bdi>
          ))}
        </Fact>
        {vault.removals_pending > 0 && (
          <Fact label={t("vault.state_card.removals")}>
            {format.number(vault.removals_pending)}{" "}
            <span className="text-muted">· {t("vault.state_card.removals_hint")}</span>
          </Fact>
        )}
      </Facts>
      {asking && (
        <Confirm
          title={t("vault.state_card.seal_title")}
          action={t("vault.state_card.seal")}
          run={seal}
          onClose={() => setAsking(false)}
        >
          {t("vault.state_card.seal_text")}
        </Confirm>
      )}
    </Section>
  );
}
