// What the audit log says about one secret.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { AuditEntry } from "@/api/types";
import { useActionLabel } from "@/features/audit/action";
import { Actor } from "@/features/audit/actor";
import { Badge } from "@/ui/badge";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Section } from "@/ui/page";
import { Moment } from "@/ui/time";
import { touchesQuery } from "../queries";
import { Purposes } from "../subject";

export function Readings({ name }: { name: string }) {
  const { t } = useTranslation();
  const entries = useInfiniteQuery(touchesQuery(name));
  return (
    <Section
      title={t("vault.readings.title")}
      lead={t("vault.readings.lead")}
      actions={
        <Link
          to="/audit"
          search={{ resource: `secret:${name}` }}
          className="rounded-sm text-sm text-accent underline-offset-2 hover:underline"
        >
          {t("vault.readings.all")}
        </Link>
      }
    >
      <div className="-mx-5 -mb-5 border-t border-line">
        <ListState query={entries} rows={3} empty={<p className="p-5 text-muted">{t("vault.readings.empty")}</p>}>
          {(items) => (
            <ul className="divide-y divide-line">
              {items.map((entry) => (
                <EntryLine key={entry.id} entry={entry} />
              ))}
            </ul>
          )}
        </ListState>
        <LoadMore query={entries} />
      </div>
    </Section>
  );
}

function EntryLine({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation();
  const label = useActionLabel();
  const said = (key: "reason" | "purpose") => {
    const value = entry.metadata?.[key];
    return typeof value === "string" ? value : null;
  };
  const [reason, purpose] = [said("reason"), said("purpose")];
  return (
    <li className="grid gap-0.5 px-5 py-3">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <bdi className="font-medium">{label(entry.action)}</bdi>
        {entry.outcome !== "ok" && <Badge tone="warn">{t(`vault.readings.${entry.outcome}`)}</Badge>}
      </p>
      {(reason || purpose) && (
        <p className="text-sm wrap-anywhere">
          {reason && <bdi>{reason}</bdi>} {purpose && <Purposes purposes={[purpose]} />}
        </p>
      )}
      <p className="flex flex-wrap items-center gap-x-3 text-sm text-muted">
        <Actor actor={entry.actor} />
        <Moment at={entry.at} />
      </p>
    </li>
  );
}
