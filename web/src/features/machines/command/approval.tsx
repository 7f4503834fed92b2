// Where the policy wants a second person: who may say yes does so here, with a fresh proof.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Command } from "@/api/types";
import { useCan, useMe } from "@/app/me";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Notice } from "@/ui/notice";
import { toast } from "@/ui/toast";
import { asTerminal } from "../terminal/access";
import { isolated, isolatedName, useRefresh } from "../use-machines";
import { Argv } from "./argv-field";
import { summary } from "./draft";
import { ScriptSource } from "./script-fields";

const linkLook = "rounded-sm text-accent underline-offset-2 hover:underline";

export function Approval({ command }: { command: Command }) {
  const { t } = useTranslation();
  const { user } = useMe();
  const mayManage = useCan("machines.manage");
  const [asking, setAsking] = useState(false);
  if (command.approved_as) {
    return (
      <Notice tone="ok" title={t("commands.approval.given")}>
        {asTerminal(command) ? (
          <Link
            to="/machines/$id/terminal"
            params={{ id: command.machine_id }}
            search={{ open: command.approved_as }}
            className={linkLook}
          >
            {t("terminals.open")}
          </Link>
        ) : (
          <Link to="/machines/commands/$id" params={{ id: command.approved_as }} className={linkLook}>
            {t("commands.approval.open")}
          </Link>
        )}
      </Notice>
    );
  }
  const isOwn = command.actor.user_id === user.id;
  if (isOwn || !mayManage) return <Notice>{t(isOwn ? "commands.approval.own" : "commands.approval.others")}</Notice>;
  return (
    <div>
      <Button look="primary" icon="check" onClick={() => setAsking(true)}>
        {t("commands.approval.action")}
      </Button>
      {asking && <Approve command={command} onClose={() => setAsking(false)} />}
    </div>
  );
}

function Approve({ command, onClose }: { command: Command; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  async function approve() {
    await unwrap(api.POST("/commands/{id}/approve", { params: { path: { id: command.id } } }));
    toast(t("commands.approval.done"));
    await refresh();
  }
  return (
    <Confirm
      title={t("commands.approval.title", {
        name: isolatedName(command.actor.name),
        machine: isolated(command.machine_name),
      })}
      action={t("commands.approval.action")}
      look="primary"
      run={approve}
      onClose={onClose}
      more={
        <div className="mt-3 grid gap-2">
          <Argv
            argv={command.verdict?.argv.length ? command.verdict.argv : [summary(command.operation)]}
            label={t("commands.verdict.argv")}
          />
          <ScriptSource operation={command.operation} />
        </div>
      }
    >
      {t("commands.approval.text")}
    </Confirm>
  );
}
