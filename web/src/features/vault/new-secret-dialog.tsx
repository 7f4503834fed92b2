import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { SecretKind } from "@/api/types";
import { useCan } from "@/app/me";
import { secretKinds } from "@/app/search";
import { Button } from "@/ui/button";
import { Choice } from "@/ui/choice";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/field";
import { between, required, secretName, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { endOfDay } from "./dates";
import { vaultQuery } from "./queries";
import { RecipeFields, readRecipe } from "./recipe-fields";
import { useRefresh } from "./use-vault";
import { pasted, ValueField } from "./value-field";

export function NewSecretDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const refresh = useRefresh();
  const [kind, setKind] = useState<SecretKind>("password");
  const [source, setSource] = useState<"given" | "made">("given");
  // A certificate is made by others.
  const made = source === "made" && kind !== "certificate";
  const form = useForm({
    fields: {
      name: secretName,
      value: made ? null : required,
      length: made ? between(16, 256) : null,
      prefix: null,
      symbols: null,
      generate: null,
      backend: null,
      description: null,
      provider: null,
      rotation_days: between(1, 3650),
      expires: null,
    },
    submit: async (values) => {
      const days = values.rotation_days.trim();
      const body = {
        name: values.name.trim(),
        kind,
        ...(made ? { generate: readRecipe(kind, values) } : { value: pasted(values.value, kind) }),
        description: values.description.trim(),
        provider: values.provider.trim(),
        ...(values.backend ? { backend: values.backend } : {}),
        rotation_days: days ? Number(days) : null,
        expires_at: endOfDay(values.expires),
      };
      const { id, name } = await unwrap(api.POST("/secrets", { body }));
      toast(t("vault.new.done", { name }));
      await refresh();
      await navigate({ to: "/secrets/$id", params: { id } });
    },
  });
  return (
    <Dialog wide open onClose={onClose} title={t("vault.new.title")}>
      <form {...form.props} className="grid gap-4" autoComplete="off">
        <ProblemNotice problem={form.problem} />
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field label={t("vault.name")} hint={t("vault.new.name_hint")} error={form.errors.name}>
            <Input name="name" code maxLength={128} placeholder="git/github-token" autoFocus />
          </Field>
          <Field label={t("vault.kind")}>
            <Select value={kind} onChange={(event) => setKind(event.target.value as SecretKind)}>
              {secretKinds.map((one) => (
                <option key={one} value={one}>
                  {t(`vault.kind_${one}`)}
                </option>
              ))}
            </Select>
          </Field>
        </div>
        {kind !== "certificate" && (
          <div className="justify-self-start">
            <Choice
              label={t("vault.new.source")}
              value={source}
              options={[
                { value: "given", label: t("vault.new.given") },
                { value: "made", label: t("vault.new.made") },
              ]}
              onChange={setSource}
            />
          </div>
        )}
        {made ? (
          <RecipeFields kind={kind} errors={form.errors} />
        ) : (
          <ValueField kind={kind} error={form.errors.value} />
        )}
        <About kind={kind} errors={form.errors} />
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("vault.new.save")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** What the server takes where nothing is said. */
const USUAL_DAYS = 90;
const USUAL_DAYS_SSH = 30;

interface AboutProps {
  kind: SecretKind;
  errors: Partial<Record<"description" | "provider" | "rotation_days" | "expires" | "backend", string>>;
}

function About({ kind, errors }: AboutProps) {
  const { t } = useTranslation();
  const days = kind === "ssh_key" ? USUAL_DAYS_SSH : USUAL_DAYS;
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <Field label={t("vault.description")} optional error={errors.description}>
        <Input name="description" maxLength={500} />
      </Field>
      <Field label={t("vault.provider")} optional hint={t("vault.provider_hint")} error={errors.provider}>
        <Input name="provider" maxLength={80} />
      </Field>
      <Field label={t("vault.rotation_days")} hint={t("vault.rotation_days_hint")} error={errors.rotation_days}>
        <Input key={days} name="rotation_days" code inputMode="numeric" defaultValue={days} maxLength={4} />
      </Field>
      <Field label={t("vault.expires")} optional error={errors.expires}>
        <Input name="expires" type="date" />
      </Field>
      <BackendField error={errors.backend} />
    </div>
  );
}

/** Asked only where the settings name other vaults. */
function BackendField({ error }: { error: string | undefined }) {
  const { t } = useTranslation();
  const vault = useQuery({ ...vaultQuery, enabled: useCan("status.read") });
  const backends = vault.data?.backends ?? [];
  if (backends.length < 2) return null;
  return (
    <Field label={t("vault.backend")} error={error}>
      <Select name="backend">
        {backends.map((name) => (
          <option key={name} value={name}>
            {name === "local" ? t("vault.backend_local") : name}
          </option>
        ))}
      </Select>
    </Field>
  );
}
