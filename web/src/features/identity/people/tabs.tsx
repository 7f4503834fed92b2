import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { NavTabs } from "@/ui/nav-tabs";

export function PeopleTabs() {
  const { t } = useTranslation();
  const mayInvite = useCan("invitations.manage");
  if (!mayInvite) return null;
  return (
    <NavTabs
      label={t("places.people")}
      tabs={[
        { to: "/people", label: t("people.tabs.members") },
        { to: "/people/invitations", label: t("people.tabs.invitations") },
      ]}
    />
  );
}
