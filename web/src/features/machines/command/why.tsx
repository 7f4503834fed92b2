// Why a command is not simply done.
import { useTranslation } from "react-i18next";
import type { Command } from "@/api/types";
import { Notice } from "@/ui/notice";
import { Approval } from "./approval";
import { VerdictNotice } from "./verdict";

/** Why it is not simply done: the policy, the machine, or what happened on the way. */
export function Why({ command }: { command: Command }) {
  const { t, i18n } = useTranslation();
  const { problem, state, detail, outcome, verdict } = command;
  const key = problem && `commands.problem.${problem.code}`;
  return (
    <>
      {state === "unknown" && (
        <Notice tone="danger" title={t("commands.unknown.title")}>
          {t("commands.unknown.text")}
        </Notice>
      )}
      {problem && (
        <Notice tone={state === "expired" ? "info" : "danger"}>
          {key && i18n.exists(key) ? t(key as "commands.problem.machine_offline") : problem.detail}
        </Notice>
      )}
      {detail && (
        <Notice
          tone="danger"
          title={
            outcome &&
            outcome !== "exited" &&
            t(outcome === "signalled" ? "commands.state.ended" : `commands.state.${outcome}`)
          }
        >
          <bdi dir="ltr" lang="en">
            {detail}
          </bdi>
        </Notice>
      )}
      {verdict && (state === "refused" || state === "needs_approval") && <VerdictNotice verdict={verdict} was />}
      {state === "needs_approval" && <Approval command={command} />}
    </>
  );
}
