import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { NavTabs } from "@/ui/nav-tabs";
import { Page } from "@/ui/page";
import { NoPermission } from "@/ui/problem";
import { Entries } from "./entries";
import { ExportMenu } from "./export-menu";
import { Integrity } from "./integrity";
import { Suspicious } from "./suspicious";

const route = getRouteApi("/signed-in/shell/audit");

export default function AuditPage() {
  const { t } = useTranslation();
  const mayRead = useCan("audit.read");
  const mayExport = useCan("audit.export");
  const search = route.useSearch();
  if (!mayRead) {
    return (
      <Page title={t("places.audit")}>
        <NoPermission />
      </Page>
    );
  }
  const tabs = (
    <NavTabs
      label={t("places.audit")}
      tabs={[
        { to: "/audit", search: { view: undefined }, label: t("audit.tabs.entries") },
        { to: "/audit", search: { view: "suspicious" }, label: t("audit.tabs.suspicious") },
        { to: "/audit", search: { view: "integrity" }, label: t("audit.tabs.integrity") },
      ]}
    />
  );
  return (
    <Page
      title={t("places.audit")}
      lead={t("audit.lead")}
      tabs={tabs}
      tab={search.view && t(`audit.tabs.${search.view}`)}
      actions={mayExport && !search.view && <ExportMenu filters={search} />}
    >
      {!search.view && <Entries />}
      {search.view === "suspicious" && <Suspicious />}
      {search.view === "integrity" && <Integrity />}
    </Page>
  );
}
