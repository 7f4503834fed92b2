// Whom a policy is about: chosen where the choices are known, typed where they are not.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { SecretPolicy, SubjectKind } from "@/api/types";
import { useCan } from "@/app/me";
import { roles } from "@/app/search";
import { Field, Input, Select } from "@/ui/field";
import { peopleQuery } from "../queries";

interface SubjectFieldProps {
  kind: SubjectKind;
  effect: SecretPolicy["effect"];
  start: string | undefined;
  error: string | undefined;
}

export function SubjectField({ kind, effect, start, error }: SubjectFieldProps) {
  const { t } = useTranslation();
  const mayReadPeople = useCan("users.read");
  if (kind === "user" && mayReadPeople) return <PersonField start={start} error={error} />;
  if (kind === "role") return <RoleField effect={effect} start={start} error={error} />;
  return (
    <Field label={t(`vault.policies.subject_${kind}`)} hint={t("vault.policies.star_hint")} error={error}>
      <Input name="subject" code maxLength={128} defaultValue={start} />
    </Field>
  );
}

type ChoiceFieldProps = Omit<SubjectFieldProps, "kind" | "effect">;

function RoleField({ effect, start, error }: Omit<SubjectFieldProps, "kind">) {
  const { t } = useTranslation();
  const hint = t(effect === "allow" ? "vault.policies.role_hint" : "vault.policies.role_hint_deny");
  return (
    <Field label={t("vault.policies.subject_role")} hint={hint} error={error}>
      <Select name="subject" defaultValue={start ?? "developer"}>
        {roles.map((role) => (
          <option key={role} value={role}>
            {t(`role.${role}`)}
          </option>
        ))}
        <option value="*">{t("vault.subject.everyone_role")}</option>
      </Select>
    </Field>
  );
}

function PersonField({ start, error }: ChoiceFieldProps) {
  const { t } = useTranslation();
  const people = useQuery(peopleQuery);
  const items = people.data ?? [];
  const unknown = start && start !== "*" && !items.some((person) => person.id === start) ? start : undefined;
  return (
    <Field label={t("vault.policies.subject_user")} error={error}>
      {/* The choice that stands at first is there only once the people are. */}
      <Select key={items.length} name="subject" defaultValue={start ?? ""}>
        <option value="" disabled />
        {unknown && <option value={unknown}>{unknown}</option>}
        {items.map((person) => (
          <option key={person.id} value={person.id}>
            {person.name} — {person.email}
          </option>
        ))}
        <option value="*">{t("vault.subject.everyone_user")}</option>
      </Select>
    </Field>
  );
}
