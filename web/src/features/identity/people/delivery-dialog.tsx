import { useTranslation } from "react-i18next";
import type { Invitation } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { SecretLine } from "@/ui/secret-line";

export interface Delivery {
  invitation: Invitation;
  link: string;
  mail: "sent" | "outbox";
}

/** The link is shown even when the mail went out: people often send it by another way as well. */
export function DeliveryDialog({ delivery, onClose }: { delivery: Delivery; onClose: () => void }) {
  const { t } = useTranslation();
  const sent = delivery.mail === "sent";
  return (
    <Dialog open onClose={onClose} title={t("people.invite.ready_title")}>
      <div className="grid gap-4">
        <Notice tone={sent ? "ok" : "info"}>
          {t(sent ? "people.invite.mail_sent" : "people.invite.mail_outbox", { email: delivery.invitation.email })}
        </Notice>
        <p className="text-muted">{t("people.invite.link_lead")}</p>
        <SecretLine text={delivery.link} />
      </div>
      <DialogActions>
        <Button look="primary" onClick={onClose}>
          {t("common.done")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
