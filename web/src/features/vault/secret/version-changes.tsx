import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { Confirm } from "@/ui/confirm";
import { toast } from "@/ui/toast";
import { useRefresh } from "../use-vault";

interface VersionChangeProps {
  id: string;
  version: number;
  onClose: () => void;
}

export function RollBack({ id, version, onClose }: VersionChangeProps) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  async function rollBack() {
    const options = { params: { path: { id } }, body: { version } };
    const { current_version } = await unwrap(api.POST("/secrets/{id}/roll-back", options));
    toast(t("vault.new_value.done", { n: current_version }));
    await refresh();
  }
  return (
    <Confirm
      title={t("vault.versions.roll_back_title", { n: version })}
      action={t("vault.versions.roll_back")}
      look="primary"
      run={rollBack}
      onClose={onClose}
    >
      {t("vault.versions.roll_back_text")}
    </Confirm>
  );
}

export function Destroy({ id, version, onClose }: VersionChangeProps) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  async function destroy() {
    await unwrap(api.DELETE("/secrets/{id}/versions/{version}", { params: { path: { id, version } } }));
    await refresh();
  }
  return (
    <Confirm
      title={t("vault.versions.destroy_title", { n: version })}
      action={t("vault.versions.destroy")}
      run={destroy}
      onClose={onClose}
    >
      {t("vault.versions.destroy_text")}
    </Confirm>
  );
}
