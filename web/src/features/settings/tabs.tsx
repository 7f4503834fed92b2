import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { NavTabs } from "@/ui/nav-tabs";

export function SettingsTabs() {
  const { t } = useTranslation();
  const mayRead = useCan("settings.read");
  const mayReadMail = useCan("mail.outbox");
  if (!mayRead && !mayReadMail) return null;
  return (
    <NavTabs
      label={t("places.settings")}
      tabs={[
        { to: "/settings", label: t("settings.tabs.configuration") },
        { to: "/settings/history", label: t("settings.tabs.history") },
        ...(mayReadMail ? [{ to: "/settings/outbox" as const, label: t("settings.tabs.outbox") }] : []),
      ]}
    />
  );
}
