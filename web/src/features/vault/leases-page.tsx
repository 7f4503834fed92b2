import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { SecretLease } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Card } from "@/ui/page";
import { EmptyState } from "@/ui/states";
import { type Column, Table } from "@/ui/table";
import { Ago, Moment } from "@/ui/time";
import { toast } from "@/ui/toast";
import { leasesQuery } from "./queries";
import { Purposes, Subject } from "./subject";
import { useRefresh } from "./use-vault";
import { VaultFrame } from "./vault-frame";
import { useVaultWords } from "./words";

export default function LeasesPage() {
  useVaultWords();
  const { t } = useTranslation();
  return (
    <VaultFrame tab="leases" lead={t("vault.leases.lead")} needs="secrets.manage">
      <Leases />
    </VaultFrame>
  );
}

function Leases() {
  const { t } = useTranslation();
  const leases = useInfiniteQuery(leasesQuery);
  const [ending, setEnding] = useState<SecretLease | null>(null);
  return (
    <Card>
      <ListState
        query={leases}
        empty={
          <EmptyState icon="clock" title={t("vault.leases.empty")}>
            {t("vault.leases.empty_text")}
          </EmptyState>
        }
      >
        {(items) => <LeaseTable leases={items} onEnd={setEnding} />}
      </ListState>
      <LoadMore query={leases} />
      {ending && <EndLease lease={ending} onClose={() => setEnding(null)} />}
    </Card>
  );
}

function LeaseTable({ leases, onEnd }: { leases: SecretLease[]; onEnd: (lease: SecretLease) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns: Column<SecretLease>[] = [
    {
      key: "secret",
      grows: true,
      heading: t("vault.leases.secret"),
      cell: (lease) => (
        <>
          <Link
            to="/secrets/$id"
            params={{ id: lease.secret_id }}
            dir="ltr"
            className="block wrap-anywhere rtl:text-end font-mono text-sm font-medium hover:underline"
          >
            {lease.secret_name}
          </Link>
          <span className="block truncate text-sm text-faint">
            {t("vault.version_n", { n: format.number(lease.version) })} <Purposes purposes={[lease.purpose]} />
          </span>
        </>
      ),
    },
    {
      key: "holder",
      heading: t("vault.leases.holder"),
      className: "max-w-52",
      cell: (lease) => <Subject kind={lease.holder_kind} subject={lease.holder} />,
    },
    {
      key: "issued",
      heading: t("vault.leases.issued"),
      wideOnly: "xl",
      className: "text-sm text-muted",
      cell: (lease) => <Ago at={lease.issued_at} />,
    },
    {
      key: "ends",
      heading: t("vault.leases.ends"),
      className: "text-sm text-muted",
      cell: (lease) => <Ends lease={lease} />,
    },
    {
      key: "end",
      heading: t("common.actions"),
      quiet: true,
      className: "max-md:ms-auto md:text-end",
      cell: (lease) =>
        !lease.ended_at && (
          <Button size="sm" onClick={() => onEnd(lease)}>
            {t("vault.leases.revoke")}
          </Button>
        ),
    },
  ];
  return <Table caption={t("vault.tabs.leases")} columns={columns} rows={leases} rowKey={(lease) => lease.id} />;
}

function Ends({ lease }: { lease: SecretLease }) {
  const { t, i18n } = useTranslation();
  if (!lease.ended_at) return <Moment at={lease.expires_at} />;
  const key = `vault.leases.why_${lease.ended_why}`;
  return <Badge>{i18n.exists(key) ? t(key as "vault.leases.why_expired") : t("vault.leases.ended")}</Badge>;
}

function EndLease({ lease, onClose }: { lease: SecretLease; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  async function end() {
    await unwrap(api.DELETE("/secret-leases/{id}", { params: { path: { id: lease.id } } }));
    toast(t("vault.leases.revoked"));
    await refresh();
  }
  return (
    <Confirm
      title={t("vault.leases.revoke_title", { name: `\u2066${lease.secret_name}\u2069` })}
      action={t("vault.leases.revoke")}
      run={end}
      onClose={onClose}
    >
      {t("vault.leases.revoke_text")}
    </Confirm>
  );
}
