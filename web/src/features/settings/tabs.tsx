import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { NavTabs } from "@/ui/nav-tabs";

export function SettingsTabs() {
  const { t } = useTranslation();
  const mayReadMail = useCan("mail.outbox");
  if (!mayReadMail) return null;
  return (
    <NavTabs
      label={t("places.settings")}
      tabs={[
        { to: "/settings", label: t("settings.tabs.configuration") },
        { to: "/settings/outbox", label: t("settings.tabs.outbox") },
      ]}
    />
  );
}
