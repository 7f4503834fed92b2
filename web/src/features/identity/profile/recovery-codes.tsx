import { useTranslation } from "react-i18next";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy-button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { downloadText } from "@/ui/download";
import { Notice } from "@/ui/notice";

/** Shown once: the server keeps only a fingerprint of each code. */
export function RecoveryCodes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const { t } = useTranslation();
  const text = codes.join("\n");
  return (
    <Dialog open onClose={onClose} title={t("profile.recovery.title")} description={t("profile.recovery.lead")}>
      <ol dir="ltr" className="grid grid-cols-2 gap-x-6 gap-y-1.5 rounded-md bg-raised px-5 py-4 font-mono text-base">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <Notice tone="warn" className="mt-4">
        {t("profile.recovery.once")}
      </Notice>
      <DialogActions>
        <CopyButton text={text} label={t("common.copy")} />
        <Button icon="download" onClick={() => downloadText("diwan-recovery-codes.txt", text)}>
          {t("common.download")}
        </Button>
        <Button look="primary" onClick={onClose}>
          {t("profile.recovery.kept")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
