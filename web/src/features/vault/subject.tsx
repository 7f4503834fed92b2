// Whom a policy is about or who holds something: a role, a person, an agent, a job, a machine.
import { useTranslation } from "react-i18next";
import type { Role, SecretPolicy, SubjectKind } from "@/api/types";
import { roles } from "@/app/search";
import { Icon, type IconName } from "@/ui/icon";
import { usePersonName } from "./use-vault";

export const subjectIcons: Record<SubjectKind, IconName> = {
  role: "people",
  user: "person",
  agent: "terminal",
  job: "clock",
  machine: "laptop",
};

interface SubjectProps {
  kind: SubjectKind;
  subject: string;
  /** What a role is denied goes for those below it, not above. */
  effect?: SecretPolicy["effect"];
}

export function Subject({ kind, subject, effect = "allow" }: SubjectProps) {
  const { t } = useTranslation();
  const name = useSubjectName();
  return (
    <span className="inline-flex max-w-full items-center gap-2 align-middle">
      <Icon name={subjectIcons[kind]} className="size-4 text-faint" />
      <span className="sr-only">{t(`vault.subject.${kind}`)}</span>
      <bdi className="truncate" title={name(kind, subject, effect)}>
        {name(kind, subject, effect)}
      </bdi>
    </span>
  );
}

function useSubjectName() {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  return (kind: SubjectKind, subject: string, effect: SecretPolicy["effect"]): string => {
    if (subject === "*") return t(`vault.subject.everyone_${kind}`);
    const role = kind === "role" ? roles.find((one) => one === subject) : undefined;
    if (role) return roleName(role, effect);
    return (kind === "user" && nameOf(subject)) || subject;
  };
  function roleName(role: Role, effect: SecretPolicy["effect"]): string {
    const name = t(`role.${role}`);
    if (role === (effect === "allow" ? "owner" : "viewer")) return name;
    return t(effect === "allow" ? "vault.subject.and_above" : "vault.subject.and_below", { role: name });
  }
}

/** The words that policies use for what a value is for. */
export function Purposes({ purposes }: { purposes: string[] }) {
  return purposes.map((purpose) => (
    <bdi key={purpose} dir="ltr" className="me-1.5 inline-block rounded-sm bg-raised px-1.5 font-mono text-xs">
      {purpose}
    </bdi>
  ));
}
