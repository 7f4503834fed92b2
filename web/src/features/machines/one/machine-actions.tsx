// What a person who manages machines may do with one.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Machine } from "@/api/types";
import { useCan } from "@/app/me";
import { IconButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { toast } from "@/ui/toast";
import { JoinDialog } from "../join/join-dialog";
import { isolated, useRefresh } from "../use-machines";
import { EditDialog } from "./edit-dialog";

type Asking = "edit" | "again" | "unlock" | "revoke" | "remove";

export function MachineActions({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const mayManage = useCan("machines.manage");
  const [asking, setAsking] = useState<Asking | null>(null);
  const close = () => setAsking(null);
  if (!mayManage) return null;
  const isRevoked = machine.state === "revoked";
  return (
    <>
      <Menu trigger={<IconButton icon="more" label={t("common.actions")} />}>
        {!isRevoked && (
          <>
            <MenuItem icon="pencil" onSelect={() => setAsking("edit")}>
              {t("machines.edit.action")}
            </MenuItem>
            <MenuItem icon="refresh" onSelect={() => setAsking("again")}>
              {t("machines.join.again")}
            </MenuItem>
          </>
        )}
        {machine.state === "locked" && (
          <MenuItem icon="key" onSelect={() => setAsking("unlock")}>
            {t("machines.unlock.action")}
          </MenuItem>
        )}
        {!isRevoked && (
          <>
            <MenuSeparator />
            <MenuItem icon="out" danger onSelect={() => setAsking("revoke")}>
              {t("machines.revoke.action")}
            </MenuItem>
          </>
        )}
        <MenuItem icon="trash" danger onSelect={() => setAsking("remove")}>
          {t("machines.remove.action")}
        </MenuItem>
      </Menu>
      {asking === "edit" && <EditDialog machine={machine} onClose={close} />}
      {asking === "again" && <JoinDialog rejoins={machine} onClose={close} />}
      {asking === "unlock" && <Unlock machine={machine} onClose={close} />}
      {asking === "revoke" && <Revoke machine={machine} onClose={close} />}
      {asking === "remove" && <Remove machine={machine} onClose={close} />}
    </>
  );
}

interface AskingProps {
  machine: Machine;
  onClose: () => void;
}

function Unlock({ machine, onClose }: AskingProps) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  async function unlock() {
    await unwrap(api.POST("/machines/{id}/unlock", { params: { path: { id: machine.id } } }));
    toast(t("machines.unlock.done", { name: isolated(machine.name) }));
    await refresh();
  }
  return (
    <Confirm
      title={t("machines.unlock.title", { name: isolated(machine.name) })}
      action={t("machines.unlock.action")}
      look="primary"
      run={unlock}
      onClose={onClose}
    >
      {t("machines.unlock.text")}
    </Confirm>
  );
}

function Revoke({ machine, onClose }: AskingProps) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  async function revoke() {
    await unwrap(api.POST("/machines/{id}/revoke", { params: { path: { id: machine.id } } }));
    toast(t("machines.revoke.done", { name: isolated(machine.name) }));
    await refresh();
  }
  return (
    <Confirm
      title={t("machines.revoke.title", { name: isolated(machine.name) })}
      action={t("machines.revoke.action")}
      run={revoke}
      onClose={onClose}
    >
      {t("machines.revoke.text")}
    </Confirm>
  );
}

function Remove({ machine, onClose }: AskingProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const refresh = useRefresh();
  async function remove() {
    await unwrap(api.DELETE("/machines/{id}", { params: { path: { id: machine.id } } }));
    toast(t("machines.remove.done", { name: isolated(machine.name) }));
    await navigate({ to: "/machines" });
    await refresh();
  }
  return (
    <Confirm
      title={t("machines.remove.title", { name: isolated(machine.name) })}
      action={t("machines.remove.action")}
      run={remove}
      onClose={onClose}
    >
      {t("machines.remove.text")}
    </Confirm>
  );
}
