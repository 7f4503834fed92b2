import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { toast } from "@/ui/toast";
import { useMe } from "../me";
import { usePreferences } from "../preferences";
import { useSignOut } from "../sign-out";
import { themes } from "../theme";

/** Opens as soon as it is there, since it is fetched at the first press. */
export default function PersonActions({ trigger }: { trigger: ReactNode }) {
  const { t } = useTranslation();
  const { user } = useMe();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const { setTheme, setLanguage } = usePreferences();
  const nextTheme = themes[(themes.indexOf(user.theme) + 1) % themes.length] ?? "system";
  const failed = () => toast(t("problem.unreachable"), "danger");
  return (
    <Menu side="top" startOpen trigger={trigger}>
      <MenuItem icon="person" onSelect={() => void navigate({ to: "/profile/general" })}>
        {t("places.profile")}
      </MenuItem>
      <MenuItem icon="shield" onSelect={() => void navigate({ to: "/profile/security" })}>
        {t("places.security")}
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon="theme" onSelect={() => void setTheme(nextTheme).catch(failed)}>
        {t("shell.theme_next", { theme: t(`theme.${nextTheme}`) })}
      </MenuItem>
      <MenuItem icon="language" onSelect={() => void setLanguage(user.language === "ar" ? "en" : "ar").catch(failed)}>
        {user.language === "ar" ? <span lang="en">English</span> : <span lang="ar">العربية</span>}
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon="out" onSelect={() => void signOut().catch(failed)}>
        {t("shell.sign_out")}
      </MenuItem>
    </Menu>
  );
}
