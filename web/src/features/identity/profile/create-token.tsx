import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Permission } from "@/api/types";
import { useMe } from "@/app/me";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Checkbox, Field, Input, Select } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { Notice } from "@/ui/notice";
import { ProblemNotice } from "@/ui/problem";
import { SecretLine } from "@/ui/secret-line";

interface CreateTokenProps {
  onCreated: () => Promise<unknown>;
  onClose: () => void;
}

const lifetimes = ["7", "30", "90", "365", "never"] as const;

export function CreateToken({ onCreated, onClose }: CreateTokenProps) {
  const { t } = useTranslation();
  const [secret, setSecret] = useState<string | null>(null);
  if (!secret) return <TokenForm onSecret={setSecret} onCreated={onCreated} onClose={onClose} />;
  return (
    <Dialog open title={t("profile.tokens.created_title")} description={t("profile.tokens.created_lead")}>
      <SecretLine text={secret} />
      <Notice tone="warn" className="mt-4">
        {t("profile.tokens.once")}
      </Notice>
      <DialogActions>
        <Button look="primary" onClick={onClose}>
          {t("common.done")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

interface TokenFormProps extends CreateTokenProps {
  onSecret: (secret: string) => void;
}

function TokenForm({ onSecret, onCreated, onClose }: TokenFormProps) {
  const { t } = useTranslation();
  const { permissions } = useMe();
  const [scopes, setScopes] = useState<Permission[]>(["status.read"]);
  const form = useForm({
    fields: { name: required, expires: null, allowed_addresses: null },
    submit: async ({ name, expires, allowed_addresses }) => {
      const body = {
        name: name.trim(),
        scopes,
        expires_in_days: expires === "never" ? null : Number(expires),
        allowed_addresses: allowed_addresses.split(/[\s,،]+/).filter(Boolean),
      };
      const { secret } = await unwrap(api.POST("/me/tokens", { body }));
      await onCreated();
      onSecret(secret);
    },
  });
  const toggle = (scope: Permission) =>
    setScopes((before) => (before.includes(scope) ? before.filter((one) => one !== scope) : [...before, scope]));
  return (
    <Dialog
      wide
      open
      onClose={onClose}
      title={t("profile.tokens.create")}
      description={t("profile.tokens.create_lead")}
    >
      <form {...form.props} className="grid gap-4">
        <ProblemNotice problem={form.problem} />
        <Field label={t("profile.tokens.name")} error={form.errors.name}>
          <Input name="name" placeholder={t("profile.tokens.name_example")} maxLength={60} autoFocus />
        </Field>
        <Field label={t("profile.tokens.expires")}>
          <Select name="expires" defaultValue="90">
            {lifetimes.map((days) => (
              <option key={days} value={days}>
                {days === "never" ? t("profile.tokens.never") : t("profile.tokens.days", { count: Number(days) })}
              </option>
            ))}
          </Select>
        </Field>
        <fieldset>
          <legend className="mb-1 text-sm font-medium">{t("profile.tokens.scopes")}</legend>
          <div className="grid gap-x-6 sm:grid-cols-2">
            {permissions.map((scope) => (
              <Checkbox
                key={scope}
                checked={scopes.includes(scope)}
                onChange={() => toggle(scope)}
                label={t(`permission.${scope.replace(".", "_")}` as "permission.profile_self", { defaultValue: scope })}
                hint={
                  <bdi dir="ltr" className="font-mono text-xs">
                    {scope}
                  </bdi>
                }
              />
            ))}
          </div>
        </fieldset>
        <Field
          label={t("profile.tokens.addresses")}
          optional
          hint={t("profile.tokens.addresses_hint")}
          error={form.errors.allowed_addresses}
        >
          <Input name="allowed_addresses" code placeholder="203.0.113.7, 10.0.0.0/8" />
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy} disabled={scopes.length === 0}>
            {t("profile.tokens.create")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
