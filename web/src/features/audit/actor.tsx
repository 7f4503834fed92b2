import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { AuditEntry } from "@/api/types";
import { Icon, type IconName } from "@/ui/icon";

const icons: Record<AuditEntry["actor"]["kind"], IconName> = {
  user: "person",
  token: "key",
  system: "settings",
  anonymous: "eye-off",
};

export function Actor({ actor }: { actor: AuditEntry["actor"] }) {
  const { t } = useTranslation();
  return (
    <span className="inline-flex max-w-full items-center gap-2 align-middle">
      <Icon name={icons[actor.kind]} className="size-4 text-faint" />
      <bdi className="truncate">{actorName(actor, t)}</bdi>
    </span>
  );
}

export function actorName(actor: AuditEntry["actor"], t: TFunction): string {
  if (actor.kind === "system" || actor.kind === "anonymous") return t(`audit.actor_${actor.kind}`);
  return actor.name || actor.id || t("audit.actor_anonymous");
}
