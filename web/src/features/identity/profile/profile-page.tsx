import { Outlet } from "@tanstack/react-router";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { NavTabs } from "@/ui/nav-tabs";
import { Page } from "@/ui/page";
import { Skeleton } from "@/ui/states";

export default function ProfilePage() {
  const { t } = useTranslation();
  const tabs = (
    <NavTabs
      label={t("profile.title")}
      tabs={[
        { to: "/profile/general", label: t("profile.tabs.general") },
        { to: "/profile/security", label: t("profile.tabs.security") },
        { to: "/profile/sessions", label: t("profile.tabs.sessions") },
        { to: "/profile/tokens", label: t("profile.tabs.tokens") },
      ]}
    />
  );
  return (
    <Page narrow title={t("profile.title")} tabs={tabs}>
      <Suspense fallback={<Skeleton className="h-64" />}>
        <Outlet />
      </Suspense>
    </Page>
  );
}
