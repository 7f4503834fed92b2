import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { SecretAction, SecretPolicy, SubjectKind } from "@/api/types";
import { Button } from "@/ui/button";
import { Choice } from "@/ui/choice";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Checkbox, Field, Input, Select } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { dayOf, endOfDay } from "../dates";
import { useRefresh } from "../use-vault";
import { SubjectField } from "./subject-field";

const kinds: SubjectKind[] = ["role", "user", "agent", "job", "machine"];
const allActions: SecretAction[] = ["read", "write", "rotate"];

export function PolicyDialog({ policy, onClose }: { policy?: SecretPolicy; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [effect, setEffect] = useState<SecretPolicy["effect"]>(policy?.effect ?? "allow");
  const [kind, setKind] = useState<SubjectKind>(policy?.subject_kind ?? "role");
  const [actions, setActions] = useState<SecretAction[]>(policy?.actions ?? ["read"]);
  const toggle = (action: SecretAction) =>
    setActions((before) => allActions.filter((one) => before.includes(one) !== (one === action)));
  const form = useForm({
    fields: { name: required, subject: required, secrets: required, purposes: null, expires: null },
    submit: async (values) => {
      const body = {
        name: values.name.trim(),
        effect,
        subject_kind: kind,
        subject: values.subject.trim(),
        secrets: values.secrets.trim(),
        actions,
        purposes: values.purposes.split(/[\s,،]+/).filter(Boolean),
        expires_at:
          values.expires === dayOf(policy?.expires_at) ? (policy?.expires_at ?? null) : endOfDay(values.expires),
      };
      if (policy) await unwrap(api.PUT("/secret-policies/{id}", { params: { path: { id: policy.id } }, body }));
      else await unwrap(api.POST("/secret-policies", { body }));
      toast(t("vault.policies.saved"));
      onClose();
      await refresh();
    },
  });
  return (
    <Dialog wide open onClose={onClose} title={t(policy ? "vault.policies.edit_title" : "vault.policies.new_title")}>
      <form {...form.props} className="grid gap-4">
        <ProblemNotice problem={form.problem} />
        <Field label={t("vault.policies.name")} error={form.errors.name}>
          <Input
            name="name"
            maxLength={80}
            defaultValue={policy?.name}
            placeholder={t("vault.policies.name_example")}
            autoFocus
          />
        </Field>
        <div className="flex">
          <Choice
            label={t("vault.policies.effect")}
            value={effect}
            options={[
              { value: "allow", label: t("vault.policies.allow") },
              { value: "deny", label: t("vault.policies.deny") },
            ]}
            onChange={setEffect}
          />
        </div>
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field label={t("vault.policies.subject_kind")}>
            <Select value={kind} onChange={(event) => setKind(event.target.value as SubjectKind)}>
              {kinds.map((one) => (
                <option key={one} value={one}>
                  {t(`vault.subject.${one}`)}
                </option>
              ))}
            </Select>
          </Field>
          <SubjectField
            key={kind}
            kind={kind}
            effect={effect}
            start={policy?.subject_kind === kind ? policy.subject : undefined}
            error={form.errors.subject}
          />
        </div>
        <Field label={t("vault.policies.secrets")} hint={t("vault.policies.secrets_hint")} error={form.errors.secrets}>
          <Input name="secrets" code maxLength={128} defaultValue={policy?.secrets} placeholder="git/**" />
        </Field>
        <fieldset>
          <legend className="mb-1 text-sm font-medium">{t("vault.policies.actions")}</legend>
          <div className="flex flex-wrap gap-x-6">
            {allActions.map((action) => (
              <Checkbox
                key={action}
                checked={actions.includes(action)}
                onChange={() => toggle(action)}
                label={t(`vault.action.${action}`)}
              />
            ))}
          </div>
        </fieldset>
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field
            label={t("vault.policies.purposes")}
            optional
            hint={t("vault.policies.purposes_hint")}
            error={form.errors.purposes}
          >
            <Input name="purposes" code defaultValue={policy?.purposes.join(", ")} placeholder="git.clone" />
          </Field>
          <Field label={t("vault.policies.ends")} optional error={form.errors.expires}>
            <Input name="expires" type="date" defaultValue={dayOf(policy?.expires_at)} />
          </Field>
        </div>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy} disabled={actions.length === 0}>
            {t("vault.policies.save")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
