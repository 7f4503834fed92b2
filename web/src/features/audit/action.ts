// What an action is called for people; its code stays what filters and details speak of.
import { useTranslation } from "react-i18next";
import type { AuditEntry } from "@/api/types";

export function useActionLabel() {
  const { t, i18n } = useTranslation();
  return (action: AuditEntry["action"]) => {
    const key = `audit_action.${action}`;
    // A newer server may know actions that these words do not.
    return i18n.exists(key) ? t(key as "audit_action.user.create") : action;
  };
}

/** Every action that has a name, sorted by it. */
export function useKnownActions(): { code: string; label: string }[] {
  const { t, i18n } = useTranslation();
  const areas = Object.entries(t("audit_action", { returnObjects: true }));
  return areas
    .flatMap(([area, verbs]) => Object.entries(verbs).map(([verb, label]) => ({ code: `${area}.${verb}`, label })))
    .sort((one, other) => one.label.localeCompare(other.label, i18n.language));
}
