import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { useActionLabel } from "@/features/audit/action";
import { actorName } from "@/features/audit/actor";
import { Outcome } from "@/features/audit/outcome";
import { ListState } from "@/ui/list-state";
import { Card } from "@/ui/page";
import { EmptyState } from "@/ui/states";
import { Ago } from "@/ui/time";

const SHOWN = 8;

export function RecentActivity() {
  const { t } = useTranslation();
  const label = useActionLabel();
  const entries = useQuery({
    queryKey: ["audit", "recent"],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/audit", { params: { query: { limit: SHOWN } }, signal }))).items,
  });
  return (
    <Card>
      <header className="flex items-center justify-between border-b border-line px-5 py-3.5">
        <h2 className="font-semibold">{t("overview.recent")}</h2>
        <Link to="/audit" className="rounded-sm text-sm text-accent hover:underline">
          {t("overview.all_activity")}
        </Link>
      </header>
      <ListState query={entries} empty={<EmptyState icon="audit" title={t("audit.empty")} />}>
        {(items) => (
          <ol className="divide-y divide-line">
            {items.map((entry) => (
              <li key={entry.seq} className="flex items-center gap-4 px-5 py-3">
                <div className="min-w-0 flex-1">
                  <bdi className="block truncate font-medium">{label(entry.action)}</bdi>
                  <p className="truncate text-sm text-faint">
                    <bdi>{actorName(entry.actor, t)}</bdi> · <Ago at={entry.at} />
                  </p>
                </div>
                {entry.outcome !== "ok" && <Outcome outcome={entry.outcome} />}
              </li>
            ))}
          </ol>
        )}
      </ListState>
    </Card>
  );
}
