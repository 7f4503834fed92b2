import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { pagedQuery } from "@/api/queries";
import type { SuspiciousActivity } from "@/api/types";
import type { AuditSearch } from "@/app/search";
import { buttonLook } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Card } from "@/ui/page";
import { EmptyState } from "@/ui/states";
import { Ago } from "@/ui/time";
import { actorName } from "./actor";

const suspiciousQuery = pagedQuery(["audit", "suspicious"], (cursor, signal) =>
  unwrap(api.GET("/audit/suspicious", { params: { query: { cursor } }, signal })),
);

export function Suspicious() {
  const { t } = useTranslation();
  const activities = useInfiniteQuery(suspiciousQuery);
  return (
    <Card>
      <ListState
        query={activities}
        empty={
          <EmptyState icon="shield-check" title={t("audit.suspicious.empty")}>
            {t("audit.suspicious.empty_text")}
          </EmptyState>
        }
      >
        {(items) => (
          <ul className="divide-y divide-line">
            {items.map((activity) => (
              <Activity key={activity.id} activity={activity} />
            ))}
          </ul>
        )}
      </ListState>
      <LoadMore query={activities} />
    </Card>
  );
}

function Activity({ activity }: { activity: SuspiciousActivity }) {
  const { t } = useTranslation();
  return (
    <li className="flex flex-wrap items-start gap-4 px-5 py-4">
      <span className="grid size-9 shrink-0 place-items-center rounded-full bg-warn-soft text-warn">
        <Icon name="warning" />
      </span>
      <div className="min-w-0 flex-1 basis-56">
        <p className="font-medium">{t(`audit.suspicious.${activity.kind}`, { count: activity.count })}</p>
        <p className="text-muted">{t(`audit.suspicious.${activity.kind}_means`)}</p>
        <p className="mt-1 text-sm text-faint">
          <bdi>{actorName(activity.actor, t)}</bdi>
          {activity.address && (
            <>
              {" · "}
              <bdi dir="ltr">{activity.address}</bdi>
            </>
          )}
          {" · "}
          <Ago at={activity.last_at} />
        </p>
      </div>
      {(activity.actor.id || activity.address) && (
        <Link to="/audit" search={entriesOf(activity)} className={buttonLook("secondary", "sm")}>
          {t("audit.suspicious.show")}
        </Link>
      )}
    </li>
  );
}

/** Whoever has no account is found by where they came from. */
function entriesOf({ actor, address }: SuspiciousActivity): AuditSearch {
  return actor.id ? { actor: actor.id } : { search: address ?? undefined };
}
