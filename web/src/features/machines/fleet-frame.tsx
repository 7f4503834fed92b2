// The frame of the screens about all machines: their tabs, and who may see them.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { NavTabs } from "@/ui/nav-tabs";
import { Page } from "@/ui/page";
import { NoPermission } from "@/ui/problem";

interface FleetFrameProps {
  tab: "machines" | "commands" | "run";
  lead?: ReactNode;
  needs: "machines.read" | "commands.run";
  actions?: ReactNode;
  children: ReactNode;
}

export function FleetFrame({ tab, lead, needs, actions, children }: FleetFrameProps) {
  const { t } = useTranslation();
  const may = useCan(needs);
  const mayRun = useCan("commands.run");
  return (
    <Page
      title={t("places.machines")}
      lead={lead}
      actions={may && actions}
      tab={tab === "machines" ? undefined : t(`machines.tabs.${tab}`)}
      tabs={
        mayRun && (
          <NavTabs
            label={t("places.machines")}
            tabs={[
              { to: "/machines", label: t("machines.tabs.machines") },
              { to: "/machines/commands", label: t("machines.tabs.commands") },
              { to: "/machines/run", label: t("machines.tabs.run") },
            ]}
          />
        )
      }
    >
      {may ? children : <NoPermission />}
    </Page>
  );
}
