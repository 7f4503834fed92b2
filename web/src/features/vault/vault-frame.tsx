// The frame of every screen of the vault: its tabs, who may see it, and how the vault is.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { NavTabs } from "@/ui/nav-tabs";
import { Page } from "@/ui/page";
import { NoPermission } from "@/ui/problem";
import { SealBanner } from "./seal/seal-banner";

type Tab = "secrets" | "calendar" | "policies" | "leases" | "vault";

interface VaultFrameProps {
  tab: Tab;
  lead: string;
  needs: "secrets.read" | "secrets.manage";
  actions?: ReactNode;
  children: ReactNode;
}

export function VaultFrame({ tab, lead, needs, actions, children }: VaultFrameProps) {
  const { t } = useTranslation();
  const may = useCan(needs);
  return (
    <Page
      title={t("places.secrets")}
      lead={lead}
      actions={may && actions}
      tab={tab === "secrets" ? undefined : t(`vault.tabs.${tab}`)}
      tabs={<VaultTabs />}
    >
      {may ? (
        <>
          <SealBanner />
          {children}
        </>
      ) : (
        <NoPermission />
      )}
    </Page>
  );
}

function VaultTabs() {
  const { t } = useTranslation();
  const mayRead = useCan("secrets.read");
  const mayManage = useCan("secrets.manage");
  if (!mayRead) return null;
  const managing = [
    { to: "/secrets/policies", label: t("vault.tabs.policies") },
    { to: "/secrets/leases", label: t("vault.tabs.leases") },
    { to: "/secrets/vault", label: t("vault.tabs.vault") },
  ] as const;
  return (
    <NavTabs
      label={t("places.secrets")}
      tabs={[
        { to: "/secrets", label: t("vault.tabs.secrets") },
        { to: "/secrets/calendar", label: t("vault.tabs.calendar") },
        ...(mayManage ? managing : []),
      ]}
    />
  );
}
