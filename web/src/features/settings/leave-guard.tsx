import { useTranslation } from "react-i18next";
import { LeaveGuard } from "@/ui/leave-guard";
import { useEditing } from "./editing";

/** Warns before edits are lost. */
export function EditsGuard() {
  const { t } = useTranslation();
  const { edits } = useEditing();
  const count = Object.keys(edits).length;
  return (
    <LeaveGuard
      isOn={count > 0}
      title={t("settings.leave_title")}
      text={t("settings.leave_text", { count })}
      leave={t("settings.leave")}
      stay={t("settings.stay")}
    />
  );
}
