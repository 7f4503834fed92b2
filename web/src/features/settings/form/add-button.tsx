import { useTranslation } from "react-i18next";
import { Button } from "@/ui/button";

export function AddButton({ onClick }: { onClick: () => void }) {
  const { t } = useTranslation();
  return (
    <Button size="sm" icon="plus" onClick={onClick}>
      {t("settings.add_entry")}
    </Button>
  );
}
