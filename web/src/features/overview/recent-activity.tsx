import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { AuditEntry } from "@/api/types";
import { useActionLabel } from "@/features/audit/action";
import { actorName } from "@/features/audit/actor";
import { Outcome } from "@/features/audit/outcome";
import { useFormat } from "@/i18n/format";
import { Avatar } from "@/ui/avatar";
import { Icon } from "@/ui/icon";
import { ListState } from "@/ui/list-state";
import { Card } from "@/ui/page";
import { EmptyState } from "@/ui/states";
import { Ago } from "@/ui/time";
import { foldRepeats, type Repeated, subjectOf } from "./recent";

const EntrySheet = lazy(() => import("@/features/audit/entry-sheet").then((one) => ({ default: one.EntrySheet })));

const READ = 40;
const SHOWN = 8;

export function RecentActivity() {
  const { t } = useTranslation();
  const [shown, setShown] = useState<AuditEntry | null>(null);
  const entries = useQuery({
    queryKey: ["audit", "recent"],
    queryFn: async ({ signal }) => {
      const { items } = await unwrap(api.GET("/audit", { params: { query: { limit: READ } }, signal }));
      return foldRepeats(items).slice(0, SHOWN);
    },
  });
  return (
    <Card>
      <header className="flex min-h-12 items-center justify-between border-b border-line ps-5 pe-3">
        <h2 className="font-semibold">{t("overview.recent")}</h2>
        <Link
          to="/audit"
          className="inline-flex min-h-8 items-center gap-1 rounded-md px-2 text-sm text-accent hover:bg-raised pointer-coarse:min-h-11"
        >
          {t("overview.all_activity")}
          <Icon name="chevron" className="size-3.5" />
        </Link>
      </header>
      <ListState query={entries} empty={<EmptyState icon="audit" title={t("audit.empty")} />}>
        {(items) => (
          <ol className="divide-y divide-line">
            {items.map((item) => (
              <Line key={item.entry.seq} item={item} onOpen={() => setShown(item.entry)} />
            ))}
          </ol>
        )}
      </ListState>
      <Suspense>{shown && <EntrySheet entry={shown} onClose={() => setShown(null)} />}</Suspense>
    </Card>
  );
}

function Line({ item: { entry, times }, onOpen }: { item: Repeated; onOpen: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const label = useActionLabel();
  const name = actorName(entry.actor, t);
  const subject = subjectOf(entry);
  return (
    <li className="relative flex items-center gap-3.5 px-5 py-3 hover:bg-raised/50">
      {entry.actor.kind === "user" ? (
        <Avatar name={name} />
      ) : (
        <span className="grid size-8 shrink-0 place-items-center rounded-full bg-raised text-faint">
          <Icon name={{ token: "key", system: "settings", anonymous: "eye-off" }[entry.actor.kind] as "key"} />
        </span>
      )}
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-2">
          <button
            type="button"
            onClick={onOpen}
            className="truncate rounded-sm text-start font-medium after:absolute after:inset-0"
          >
            <bdi>{label(entry.action)}</bdi>
          </button>
          {times > 1 && (
            <span dir="ltr" className="text-sm text-faint tabular-nums">
              ×{format.number(times)}
            </span>
          )}
        </p>
        <p className="truncate text-sm text-faint">
          <bdi>{name}</bdi>
          <span className="sm:hidden">
            {" · "}
            <Ago at={entry.at} />
          </span>
          {subject && (
            <>
              {" · "}
              <bdi>{subject}</bdi>
            </>
          )}
        </p>
      </div>
      {entry.outcome !== "ok" && <Outcome outcome={entry.outcome} />}
      <span className="shrink-0 text-sm text-faint max-sm:hidden">
        <Ago at={entry.at} />
      </span>
    </li>
  );
}
