// Asks before a form that was filled in is left without being sent.
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { LeaveGuard } from "@/ui/leave-guard";

/** What was written first, and the guard of what it became; once it is sent nothing is lost. */
export function useDraftGuard(draft: unknown, how: "send" | "save" = "send") {
  const { t } = useTranslation();
  const [first] = useState(() => JSON.stringify(draft));
  const isSent = useRef(false);
  const guard = (
    <LeaveGuard
      isOn={JSON.stringify(draft) !== first}
      isSaved={() => isSent.current}
      title={t(how === "send" ? "jobs.leave.title" : "jobs.leave.title_save")}
      text={t("jobs.leave.text")}
      leave={t("jobs.leave.action")}
      stay={t("jobs.leave.stay")}
    />
  );
  const sent = () => {
    isSent.current = true;
  };
  return { guard, sent };
}
