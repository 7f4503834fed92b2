import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Avatar } from "@/ui/avatar";
import { Icon } from "@/ui/icon";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { toast } from "@/ui/toast";
import { useMe } from "../me";
import { usePreferences } from "../preferences";
import { useSignOut } from "../sign-out";
import { themes } from "../theme";

export function PersonMenu() {
  const { t } = useTranslation();
  const { user } = useMe();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const { setTheme, setLanguage } = usePreferences();
  const nextTheme = themes[(themes.indexOf(user.theme) + 1) % themes.length] ?? "system";
  const failed = () => toast(t("problem.unreachable"), "danger");
  const trigger = (
    <button
      type="button"
      className="flex w-full items-center gap-3 rounded-md p-1.5 text-start transition-colors hover:bg-raised data-[state=open]:bg-raised"
    >
      <Avatar name={user.name} url={user.avatar_url ?? null} />
      <span className="min-w-0 flex-1">
        <bdi className="block truncate font-medium">{user.name}</bdi>
        <span className="block text-xs text-faint">{t(`role.${user.role}`)}</span>
      </span>
      <Icon name="more" className="text-faint" />
    </button>
  );
  return (
    <Menu side="top" trigger={trigger}>
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
