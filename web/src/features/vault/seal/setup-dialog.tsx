import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toast } from "@/ui/toast";
import { useRefresh } from "../use-vault";
import { GuardDialog } from "./guard-form";

export function SetupDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  return (
    <GuardDialog
      title={t("vault.setup.title")}
      lead={t("vault.setup.lead")}
      action={t("vault.sealed.set_up")}
      first="key_file"
      onClose={onClose}
      submit={async (body) => {
        await unwrap(api.POST("/vault/initialise", { body }));
        toast(t("vault.setup.done"));
        onClose();
        await refresh();
      }}
    />
  );
}
