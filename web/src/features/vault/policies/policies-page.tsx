import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { SecretPolicy } from "@/api/types";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { ListState } from "@/ui/list-state";
import { Card } from "@/ui/page";
import { EmptyState } from "@/ui/states";
import { toast } from "@/ui/toast";
import { policiesQuery } from "../queries";
import { useRefresh } from "../use-vault";
import { VaultFrame } from "../vault-frame";
import { useVaultWords } from "../words";
import { PolicyDialog } from "./policy-dialog";
import { PolicyTable } from "./policy-table";

type Asking = { what: "new" } | { what: "edit" | "remove"; policy: SecretPolicy };

export default function PoliciesPage() {
  useVaultWords();
  const { t } = useTranslation();
  const [asking, setAsking] = useState<Asking | null>(null);
  const close = () => setAsking(null);
  return (
    <VaultFrame
      tab="policies"
      lead={t("vault.policies.lead")}
      needs="secrets.manage"
      actions={
        <Button look="primary" icon="plus" onClick={() => setAsking({ what: "new" })}>
          {t("vault.policies.new")}
        </Button>
      }
    >
      <Policies onAsk={setAsking} />
      {asking?.what === "new" && <PolicyDialog onClose={close} />}
      {asking?.what === "edit" && <PolicyDialog policy={asking.policy} onClose={close} />}
      {asking?.what === "remove" && <Remove policy={asking.policy} onClose={close} />}
    </VaultFrame>
  );
}

function Policies({ onAsk }: { onAsk: (asking: Asking) => void }) {
  const { t } = useTranslation();
  const policies = useQuery(policiesQuery);
  return (
    <Card>
      <ListState
        query={policies}
        rows={3}
        empty={
          <EmptyState
            icon="shield"
            title={t("vault.policies.empty")}
            action={
              <Button look="primary" icon="plus" onClick={() => onAsk({ what: "new" })}>
                {t("vault.policies.new")}
              </Button>
            }
          >
            {t("vault.policies.empty_text")}
          </EmptyState>
        }
      >
        {(items) => (
          <PolicyTable
            policies={items}
            onEdit={(policy) => onAsk({ what: "edit", policy })}
            onRemove={(policy) => onAsk({ what: "remove", policy })}
          />
        )}
      </ListState>
    </Card>
  );
}

function Remove({ policy, onClose }: { policy: SecretPolicy; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  async function remove() {
    await unwrap(api.DELETE("/secret-policies/{id}", { params: { path: { id: policy.id } } }));
    toast(t("vault.policies.removed"));
    await refresh();
  }
  return (
    <Confirm
      title={t("vault.policies.remove_title", { name: `\u2068${policy.name}\u2069` })}
      action={t("vault.policies.remove")}
      run={remove}
      onClose={onClose}
    >
      {t(policy.effect === "allow" ? "vault.policies.remove_allow" : "vault.policies.remove_deny")}
    </Confirm>
  );
}
