// The safety of the installation in a few lines; each says how it stands and leads to where it can be changed.
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Status } from "@/api/types";
import { useCan, useMe } from "@/app/me";
import { useFormat } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { Icon, type IconName } from "@/ui/icon";
import { Card } from "@/ui/page";
import { Skeleton } from "@/ui/states";
import { Ago } from "@/ui/time";
import { useLastSeal, usePendingInvitations, useSecondFactors } from "./glance-queries";
import { useSuspiciousToday } from "./suspicious-today";

export function Glance({ mail }: { mail: Status["mail"] | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const me = useMe();
  const suspicious = useSuspiciousToday();
  const seal = useLastSeal();
  const factors = useSecondFactors();
  const invitations = usePendingInvitations();
  const mayReadAudit = useCan("audit.read");
  const mayReadPeople = useCan("users.read");
  const mayInvite = useCan("invitations.manage");
  const maySeeMail = useCan("mail.outbox");
  const { protectedPeople, people } = factors.data ?? { protectedPeople: 0, people: null };
  return (
    <Card>
      <h2 className="border-b border-line px-5 py-3.5 font-semibold">{t("overview.glance.title")}</h2>
      <ul className="divide-y divide-line">
        {mayReadAudit && (
          <Line icon="lock" label={t("overview.glance.seal")} way={{ to: "/audit", search: { view: "integrity" } }}>
            {seal.isPending ? null : seal.data ? <Ago at={seal.data.at} /> : t("overview.glance.not_yet")}
          </Line>
        )}
        {mayReadAudit && (
          <Line
            icon="warning"
            label={t("overview.glance.suspicious")}
            tone={suspicious.data ? "warn" : "plain"}
            way={{ to: "/audit", search: { view: "suspicious" } }}
          >
            {suspicious.isPending ? null : suspicious.data ? format.number(suspicious.data) : t("overview.glance.none")}
          </Line>
        )}
        {mayReadPeople && people !== null && (
          <Line icon="shield" label={t("overview.glance.factors")} way={{ to: "/people" }}>
            {t("overview.glance.of", { some: format.number(protectedPeople), all: format.number(people) })}
          </Line>
        )}
        {mayInvite && (
          <Line icon="mail" label={t("overview.glance.invitations")} way={{ to: "/people/invitations" }}>
            {invitations.isPending
              ? null
              : invitations.data
                ? format.number(invitations.data)
                : t("overview.glance.none")}
          </Line>
        )}
        {maySeeMail && mail && (
          <Line
            icon="inbox"
            label={t("overview.glance.mail")}
            way={mail === "smtp" ? { to: "/settings", search: { search: "mail" } } : { to: "/settings/outbox" }}
          >
            {t(`overview.glance.mail_${mail}`)}
          </Line>
        )}
        <Line
          icon="key"
          label={t("overview.glance.own")}
          tone={me.totp_enabled || me.passkey_count > 0 ? "ok" : "warn"}
          way={{ to: "/profile/security" }}
        >
          {t(me.totp_enabled || me.passkey_count > 0 ? "overview.glance.on" : "overview.glance.off")}
        </Line>
      </ul>
    </Card>
  );
}

interface LineProps {
  icon: IconName;
  label: string;
  way: LinkProps;
  tone?: "plain" | "ok" | "warn";
  children: ReactNode;
}

function Line({ icon, label, way, tone = "plain", children }: LineProps) {
  return (
    <li>
      <Link
        {...way}
        className="flex min-h-11 items-center gap-3 px-5 py-2 outline-offset-[-2px] transition-colors hover:bg-raised/60"
      >
        <Icon name={icon} className="size-4 text-faint" />
        <span className="min-w-0 flex-1 text-muted">{label}</span>
        <span
          className={cx(
            "text-end font-medium tabular-nums",
            { plain: "text-ink", ok: "text-ok", warn: "text-warn" }[tone],
          )}
        >
          {children ?? <Skeleton className="h-3.5 w-16" />}
        </span>
      </Link>
    </li>
  );
}
