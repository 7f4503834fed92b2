import { Outlet, useLocation } from "@tanstack/react-router";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { NavTabs } from "@/ui/nav-tabs";
import { Page } from "@/ui/page";
import { Skeleton } from "@/ui/states";

export default function ProfilePage() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const tabs = [
    { to: "/profile/general", label: t("profile.tabs.general") },
    { to: "/profile/security", label: t("profile.tabs.security") },
    { to: "/profile/sessions", label: t("profile.tabs.sessions") },
    { to: "/profile/tokens", label: t("profile.tabs.tokens") },
  ] as const;
  const open = tabs.find((tab) => tab.to === pathname);
  return (
    <Page
      narrow
      title={t("profile.title")}
      tab={open?.label}
      tabs={<NavTabs label={t("profile.title")} tabs={[...tabs]} />}
    >
      <Suspense fallback={<Skeleton className="h-64" />}>
        <Outlet />
      </Suspense>
    </Page>
  );
}
