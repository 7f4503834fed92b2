import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Secret } from "@/api/types";
import { Button } from "@/ui/button";
import { Choice } from "@/ui/choice";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input, Textarea } from "@/ui/field";
import { between, secretName, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { dayOf, endOfDay } from "../dates";
import { RecipeFields, readRecipe } from "../recipe-fields";
import { useRefresh } from "../use-vault";

export function EditDialog({ secret, onClose }: { secret: Secret; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [made, setMade] = useState(secret.generate !== null);
  const form = useForm({
    fields: {
      name: secretName,
      description: null,
      provider: null,
      rotation_days: between(1, 3650),
      overlap_hours: between(0, 2160),
      expires: null,
      length: made ? between(16, 256) : null,
      prefix: null,
      symbols: null,
      generate: null,
    },
    submit: async (values) => {
      const days = values.rotation_days.trim();
      const name = values.name.trim();
      const body = {
        ...(name === secret.name ? {} : { name }),
        description: values.description.trim(),
        provider: values.provider.trim(),
        rotation_days: days ? Number(days) : null,
        overlap_hours: Number(values.overlap_hours),
        generate: made ? readRecipe(secret.kind, values) : null,
        // The day as it was keeps its exact moment.
        ...(values.expires === dayOf(secret.expires_at) ? {} : { expires_at: endOfDay(values.expires) }),
      };
      await unwrap(api.PATCH("/secrets/{id}", { params: { path: { id: secret.id } }, body }));
      toast(t("common.saved"));
      onClose();
      await refresh();
    },
  });
  return (
    <Dialog wide open onClose={onClose} title={t("vault.secret.edit_title", { name: `\u2066${secret.name}\u2069` })}>
      <form {...form.props} className="grid gap-4">
        <ProblemNotice problem={form.problem} />
        <Field label={t("vault.name")} error={form.errors.name}>
          <Input name="name" code maxLength={128} defaultValue={secret.name} />
        </Field>
        <Field label={t("vault.description")} optional error={form.errors.description}>
          <Textarea name="description" maxLength={500} rows={2} defaultValue={secret.description} autoFocus />
        </Field>
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field label={t("vault.provider")} optional error={form.errors.provider}>
            <Input name="provider" maxLength={80} defaultValue={secret.provider} />
          </Field>
          <Field label={t("vault.expires")} optional error={form.errors.expires}>
            <Input name="expires" type="date" defaultValue={dayOf(secret.expires_at)} />
          </Field>
          <Field
            label={t("vault.rotation_days")}
            hint={t("vault.rotation_days_hint")}
            error={form.errors.rotation_days}
          >
            <Input
              name="rotation_days"
              code
              inputMode="numeric"
              maxLength={4}
              defaultValue={secret.rotation_days ?? ""}
            />
          </Field>
          <Field label={t("vault.overlap_hours")} error={form.errors.overlap_hours}>
            <Input name="overlap_hours" code inputMode="numeric" maxLength={4} defaultValue={secret.overlap_hours} />
          </Field>
        </div>
        {/* A certificate is made by others. */}
        {secret.kind !== "certificate" && (
          <div className="grid justify-items-start gap-2">
            <p className="text-sm font-medium">{t("vault.secret.new_values")}</p>
            <Choice
              label={t("vault.secret.new_values")}
              value={made ? "made" : "given"}
              options={[
                { value: "given", label: t("vault.secret.by_people") },
                { value: "made", label: t("vault.secret.by_diwan") },
              ]}
              onChange={(source) => setMade(source === "made")}
            />
          </div>
        )}
        {made && <RecipeFields kind={secret.kind} errors={form.errors} start={secret.generate} />}
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("common.save")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
