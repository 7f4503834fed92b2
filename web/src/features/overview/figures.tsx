import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Status } from "@/api/types";
import { useCan } from "@/app/me";
import { useFormat } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { Icon, type IconName } from "@/ui/icon";
import { Skeleton } from "@/ui/states";

export function Figures({ status }: { status: Status | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const mayReadPeople = useCan("users.read");
  const mayReadSettings = useCan("settings.read");
  const engines = { sqlite: "SQLite", postgresql: "PostgreSQL" };
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line lg:grid-cols-4">
      <Figure icon="shield-check" label={t("overview.control_plane")} good={status?.database.healthy}>
        {status && {
          value: status.database.healthy ? t("overview.healthy") : t("overview.unhealthy"),
          note: t("overview.uptime", { time: format.duration(status.uptime_s), version: status.version }),
        }}
      </Figure>
      <Figure icon="people" label={t("overview.people")} way={mayReadPeople ? { to: "/people" } : null}>
        {status && {
          value: format.number(status.people.total),
          note: t("overview.active_today", { count: status.people.active_today }),
        }}
      </Figure>
      <Figure icon="laptop" label={t("overview.sessions")} way={{ to: "/profile/sessions" }}>
        {status && { value: format.number(status.sessions), note: t("overview.sessions_note") }}
      </Figure>
      <Figure
        icon="database"
        label={t("overview.database")}
        way={mayReadSettings ? { to: "/settings", search: { search: "database" } } : null}
      >
        {status && {
          value: <bdi>{engines[status.database.engine]}</bdi>,
          note:
            status.database.size_bytes == null
              ? t("overview.schema", { version: status.database.schema_version })
              : format.bytes(status.database.size_bytes),
        }}
      </Figure>
    </dl>
  );
}

interface FigureProps {
  icon: IconName;
  label: string;
  good?: boolean | undefined;
  way?: LinkProps | null;
  children: { value: ReactNode; note: string } | undefined;
}

function Figure({ icon, label, good, way, children }: FigureProps) {
  return (
    <div className={cx("relative min-w-0 bg-surface p-4 sm:p-5", way && "transition-colors hover:bg-raised/60")}>
      <dt className="flex items-center gap-2 text-sm text-muted">
        <Icon
          name={icon}
          className={cx("size-4", good === undefined ? "text-faint" : good ? "text-ok" : "text-danger")}
        />
        {way ? (
          <Link {...way} className="rounded-sm after:absolute after:inset-0">
            {label}
          </Link>
        ) : (
          label
        )}
      </dt>
      {children ? (
        <>
          <dd className="mt-2 truncate text-xl font-semibold tracking-tight tabular-nums">{children.value}</dd>
          <dd className="text-sm text-faint">{children.note}</dd>
        </>
      ) : (
        <dd className="mt-3 grid gap-2">
          <Skeleton className="h-6 w-20" />
          <Skeleton className="h-3.5 w-28" />
        </dd>
      )}
    </div>
  );
}
