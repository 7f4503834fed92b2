import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { vaultQuery } from "@/features/vault/queries";
import { Notice } from "@/ui/notice";

export function useIsSealed(): boolean {
  return useQuery({ ...vaultQuery, enabled: useCan("status.read") }).data?.sealed ?? false;
}

/** Nothing can be put into a sealed vault; where it is opened, stands behind the link. */
export function SealedNotice() {
  const { t } = useTranslation();
  return (
    <Notice tone="warn" title={t("settings.secret.sealed")}>
      <Link to="/secrets/vault" className="text-accent underline underline-offset-2">
        {t("settings.secret.to_vault")}
      </Link>
    </Notice>
  );
}
