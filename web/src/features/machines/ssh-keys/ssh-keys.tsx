// The SSH keys of the vault that are wanted on a machine.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { MachineSshKey } from "@/api/types";
import { useCan } from "@/app/me";
import { Button, IconButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Icon } from "@/ui/icon";
import { ListState } from "@/ui/list-state";
import { Menu, MenuItem } from "@/ui/menu";
import { Section } from "@/ui/page";
import { NoPermission } from "@/ui/problem";
import { EmptyState } from "@/ui/states";
import { toast } from "@/ui/toast";
import { useMachine } from "../one/use-machine";
import { sshKeysQuery } from "../queries";
import { useRefresh } from "../use-machines";
import { AddKey } from "./add-key";
import { OneKey } from "./one-key";

export default function SshKeys() {
  const mayManage = useCan("machines.manage");
  return mayManage ? <Keys /> : <NoPermission />;
}

function Keys() {
  const { t } = useTranslation();
  const machine = useMachine();
  const keys = useQuery(sshKeysQuery(machine.id));
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<MachineSshKey | null>(null);
  const add = (
    <Button look="primary" onClick={() => setAdding(true)}>
      <Icon name="plus" className="size-4" />
      {t("machines.ssh_keys.add")}
    </Button>
  );
  const mayAdd = machine.state !== "revoked";
  return (
    <Section
      title={t("machines.ssh_keys.title")}
      lead={t("machines.ssh_keys.lead")}
      actions={mayAdd && keys.data && keys.data.length > 0 ? add : undefined}
    >
      <ListState
        query={keys}
        rows={2}
        empty={
          <EmptyState icon="key" title={t("machines.ssh_keys.empty_title")} action={mayAdd ? add : undefined}>
            {t("machines.ssh_keys.empty")}
          </EmptyState>
        }
      >
        {(items) => (
          <ul className="-mx-5 -mb-5 divide-y divide-line border-t border-line">
            {items.map((one) => (
              <OneKey key={one.id} one={one} actions={<Actions one={one} onRemove={() => setRemoving(one)} />} />
            ))}
          </ul>
        )}
      </ListState>
      {adding && <AddKey machine={machine.id} onClose={() => setAdding(false)} />}
      {removing && <Remove one={removing} onClose={() => setRemoving(null)} />}
    </Section>
  );
}

function Actions({ one, onRemove }: { one: MachineSshKey; onRemove: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  if (one.removed_at) return null;
  const check = async () => {
    const path = { id: one.machine_id, key: one.id };
    await unwrap(api.POST("/machines/{id}/ssh-keys/{key}/check", { params: { path } }));
    toast(t("machines.ssh_keys.checking"));
    await refresh();
  };
  return (
    <Menu trigger={<IconButton icon="more" label={t("common.actions")} />}>
      <MenuItem icon="refresh" onSelect={check}>
        {t("machines.ssh_keys.check")}
      </MenuItem>
      <MenuItem icon="trash" danger onSelect={onRemove}>
        {t("machines.ssh_keys.remove")}
      </MenuItem>
    </Menu>
  );
}

function Remove({ one, onClose }: { one: MachineSshKey; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const run = async () => {
    const path = { id: one.machine_id, key: one.id };
    await unwrap(api.DELETE("/machines/{id}/ssh-keys/{key}", { params: { path } }));
    toast(t("machines.ssh_keys.removing"));
    await refresh();
  };
  return (
    <Confirm
      title={t("machines.ssh_keys.remove_title", { secret: one.secret_name, user: one.user })}
      action={t("machines.ssh_keys.remove")}
      run={run}
      onClose={onClose}
    >
      {t("machines.ssh_keys.remove_text")}
    </Confirm>
  );
}
