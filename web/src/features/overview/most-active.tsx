import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { Icon } from "@/ui/icon";
import type { Activity } from "./activity-buckets";

const SHOWN = 5;

/** Who did most in the time of the chart; each name leads to their entries. */
export function MostActive({ activity }: { activity: Activity }) {
  const { t } = useTranslation();
  const format = useFormat();
  const actors = activity.actors.slice(0, SHOWN);
  const most = actors[0]?.count ?? 1;
  return (
    <section className="border-t border-line p-5 lg:border-s lg:border-t-0">
      <h3 className="text-sm text-muted">{t("overview.activity.most_active")}</h3>
      {actors.length === 0 && <p className="mt-3 text-faint">{t("overview.activity.nobody")}</p>}
      <ol className="mt-2 -mx-2">
        {actors.map(({ actor, count }) => (
          <li key={actor.id}>
            <Link
              to="/audit"
              search={{ actor: actor.id ?? undefined }}
              className="grid min-h-9 grid-cols-[auto_1fr_auto] items-center gap-x-2.5 gap-y-1 rounded-md px-2 py-1.5 outline-offset-[-2px] hover:bg-raised pointer-coarse:min-h-11"
            >
              <Icon name={actor.kind === "token" ? "key" : "person"} className="size-4 text-faint" />
              <bdi className="truncate">{actor.name}</bdi>
              <span className="text-sm text-muted tabular-nums">{format.number(count)}</span>
              <span aria-hidden="true" className="col-span-2 col-start-2 h-1 overflow-hidden rounded-full bg-raised">
                <span
                  className="block h-full rounded-full bg-accent/70"
                  style={{ width: `${(count / most) * 100}%` }}
                />
              </span>
            </Link>
          </li>
        ))}
      </ol>
    </section>
  );
}
