import { useTranslation } from "react-i18next";
import type { Status } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { SecretLine } from "@/ui/secret-line";

interface BackupDialogProps {
  engine: Status["database"]["engine"];
  onDone: () => void;
  onClose: () => void;
}

/** Diwan cannot see where copies are kept, so it explains and takes the person's word. */
export function BackupDialog({ engine, onDone, onClose }: BackupDialogProps) {
  const { t } = useTranslation();
  return (
    <Dialog open onClose={onClose} title={t("overview.backup.title")} description={t("overview.backup.lead")}>
      <ol className="grid list-decimal gap-4 ps-5 marker:text-faint">
        <li className="ps-1">
          <p className="mb-2">{t(`overview.backup.${engine}`)}</p>
          {engine === "sqlite" && <SecretLine text="diwan database backup /backups/diwan.db" />}
        </li>
        <li className="ps-1">{t("overview.backup.keys")}</li>
        <li className="ps-1">{t("overview.backup.try")}</li>
      </ol>
      <DialogActions>
        <Button onClick={onClose}>{t("overview.backup.later")}</Button>
        <Button look="primary" icon="check" onClick={onDone}>
          {t("overview.backup.done")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
