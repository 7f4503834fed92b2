import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Session } from "@/api/types";
import { Badge } from "@/ui/badge";
import { Icon } from "@/ui/icon";
import { Ago } from "@/ui/time";

export function SessionLine({ session, action }: { session: Session; action?: ReactNode }) {
  const { t } = useTranslation();
  const phone = /iPhone|Android/.test(session.client_name);
  return (
    <li className="flex items-center gap-4 px-5 py-3.5">
      <Icon name={session.kind === "api" ? "terminal" : phone ? "phone" : "laptop"} className="text-faint" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2">
          <bdi className="font-medium">{session.client_name}</bdi>
          {session.current && <Badge tone="ok">{t("profile.sessions.current")}</Badge>}
        </p>
        <p className="text-sm text-faint">
          <bdi dir="ltr">{session.address}</bdi>
          {" · "}
          {t(`method.${session.method}`)}
          {" · "}
          {t("common.active")} <Ago at={session.last_seen_at} />
        </p>
      </div>
      {action}
    </li>
  );
}
