// Wants a key of the vault on a machine.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/field";
import { between, required, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { vaultKeysQuery } from "../queries";
import { useRefresh } from "../use-machines";

const LAST_PORT = 65_535;

export function AddKey({ machine, onClose }: { machine: string; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const secrets = useQuery(vaultKeysQuery);
  const form = useForm({
    fields: { secret: required, user: required, port: between(1, LAST_PORT) },
    submit: async ({ secret, user, port }) => {
      const body = { secret, user: user.trim(), port: Number(port || 22) };
      await unwrap(api.POST("/machines/{id}/ssh-keys", { params: { path: { id: machine } }, body }));
      toast(t("machines.ssh_keys.added"));
      await refresh();
      onClose();
    },
  });
  const usable = (secrets.data ?? []).filter((one) => one.may.includes("rotate"));
  return (
    <Dialog open onClose={onClose} title={t("machines.ssh_keys.add")}>
      <form {...form.props} className="grid gap-4" autoComplete="off">
        <ProblemNotice problem={form.problem} />
        <Field
          label={t("machines.ssh_keys.secret")}
          hint={
            secrets.data && usable.length === 0 ? t("machines.ssh_keys.no_secrets") : t("machines.ssh_keys.secret_hint")
          }
          error={form.errors.secret}
        >
          <Select name="secret" autoFocus>
            {usable.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={t("machines.ssh_keys.user")} hint={t("machines.ssh_keys.user_hint")} error={form.errors.user}>
          <Input name="user" code maxLength={64} />
        </Field>
        <Field label={t("machines.ssh_keys.port")} hint={t("machines.ssh_keys.port_hint")} error={form.errors.port}>
          <Input name="port" code inputMode="numeric" maxLength={5} defaultValue="22" />
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("machines.ssh_keys.add")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
