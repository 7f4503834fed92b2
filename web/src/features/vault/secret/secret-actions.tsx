// What the caller may do with a secret, as the policies say.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Secret } from "@/api/types";
import { useCan } from "@/app/me";
import { Button, IconButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { toast } from "@/ui/toast";
import { useRefresh, useSealed } from "../use-vault";
import { EditDialog } from "./edit-dialog";
import { NewValueDialog } from "./new-value-dialog";
import { RevealDialog } from "./reveal-dialog";

type Asking = "reveal" | "glass" | "value" | "rotate" | "edit" | "remove";

export function SecretActions({ secret }: { secret: Secret }) {
  const { t } = useTranslation();
  const mayUse = useCan("secrets.use");
  const mayBreakGlass = useCan("vault.manage");
  const [asking, setAsking] = useState<Asking | null>(null);
  const sealed = useSealed();
  const close = () => setAsking(null);
  const may = (action: Secret["may"][number]) => mayUse && secret.may.includes(action);
  return (
    <>
      {may("read") && (
        <Button look="primary" icon="eye" disabled={sealed} onClick={() => setAsking("reveal")}>
          {t("vault.reveal.action")}
        </Button>
      )}
      {!may("read") && mayBreakGlass && (
        <Button look="danger" icon="warning" disabled={sealed} onClick={() => setAsking("glass")}>
          {t("vault.break_glass.action")}
        </Button>
      )}
      {may("write") && (
        <Button icon="plus" disabled={sealed} onClick={() => setAsking("value")}>
          {t("vault.new_value.action")}
        </Button>
      )}
      {may("rotate") && secret.generate && (
        <Button icon="refresh" disabled={sealed} onClick={() => setAsking("rotate")}>
          {t("vault.rotate.action")}
        </Button>
      )}
      {may("write") && (
        <Menu trigger={<IconButton icon="more" label={t("common.actions")} />}>
          <MenuItem icon="pencil" onSelect={() => setAsking("edit")}>
            {t("vault.secret.edit")}
          </MenuItem>
          <MenuSeparator />
          <MenuItem icon="trash" danger onSelect={() => setAsking("remove")}>
            {t("vault.secret.remove")}
          </MenuItem>
        </Menu>
      )}
      {(asking === "reveal" || asking === "glass") && (
        <RevealDialog secret={secret} past={asking === "glass"} onClose={close} />
      )}
      {asking === "value" && <NewValueDialog secret={secret} onClose={close} />}
      {asking === "edit" && <EditDialog secret={secret} onClose={close} />}
      {asking === "rotate" && <RotateNow secret={secret} onClose={close} />}
      {asking === "remove" && <Remove secret={secret} onClose={close} />}
    </>
  );
}

interface AskingProps {
  secret: Secret;
  onClose: () => void;
}

function RotateNow({ secret, onClose }: AskingProps) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  async function rotate() {
    const { current_version } = await unwrap(api.POST("/secrets/{id}/rotate", { params: { path: { id: secret.id } } }));
    toast(t("vault.new_value.done", { n: current_version }));
    await refresh();
  }
  return (
    <Confirm
      title={t("vault.rotate.title", { name: isolated(secret.name) })}
      action={t("vault.rotate.action")}
      look="primary"
      run={rotate}
      onClose={onClose}
    >
      {t("vault.rotate.text")}
    </Confirm>
  );
}

function Remove({ secret, onClose }: AskingProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const refresh = useRefresh();
  async function remove() {
    await unwrap(api.DELETE("/secrets/{id}", { params: { path: { id: secret.id } } }));
    toast(t("vault.secret.removed", { name: isolated(secret.name) }));
    await navigate({ to: "/secrets" });
    await refresh();
  }
  return (
    <Confirm
      title={t("vault.secret.remove_title", { name: isolated(secret.name) })}
      action={t("vault.secret.remove")}
      run={remove}
      onClose={onClose}
    >
      {t("vault.secret.remove_text")}
    </Confirm>
  );
}

function isolated(name: string): string {
  return `\u2066${name}\u2069`;
}
