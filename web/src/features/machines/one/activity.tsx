// What was done with a machine: the audit log for those who may read it, otherwise what the machine itself tells.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AuditEntry, MachineDetail } from "@/api/types";
import { useCan } from "@/app/me";
import { EntrySheet } from "@/features/audit/entry-sheet";
import { EntryTable } from "@/features/audit/entry-table";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Section } from "@/ui/page";
import { Moment } from "@/ui/time";
import { machineAuditQuery } from "../queries";
import { useMachine } from "./use-machine";

export default function Activity() {
  const machine = useMachine();
  const mayAudit = useCan("audit.read");
  return mayAudit ? <Entries machine={machine} /> : <Moments machine={machine} />;
}

function Entries({ machine }: { machine: MachineDetail }) {
  const { t } = useTranslation();
  const entries = useInfiniteQuery(machineAuditQuery(machine.id));
  const [shown, setShown] = useState<AuditEntry | null>(null);
  return (
    <Section
      title={t("machines.activity.title")}
      lead={t("machines.activity.lead")}
      actions={
        <Link
          to="/audit"
          search={{ resource: `machine:${machine.id}` }}
          className="rounded-sm text-sm text-accent underline-offset-2 hover:underline"
        >
          {t("machines.activity.all")}
        </Link>
      }
    >
      <div className="-mx-5 -mb-5 border-t border-line">
        <ListState query={entries} rows={4} empty={<p className="p-5 text-muted">{t("machines.activity.empty")}</p>}>
          {(items) => <EntryTable entries={items} onOpen={setShown} ofOneThing />}
        </ListState>
        <LoadMore query={entries} />
      </div>
      {shown && <EntrySheet entry={shown} onClose={() => setShown(null)} />}
    </Section>
  );
}

function Moments({ machine }: { machine: MachineDetail }) {
  const { t } = useTranslation();
  const moments = (["revoked_at", "locked_at", "last_seen_at", "rejoined_at", "joined_at"] as const).flatMap((key) => {
    const at = machine[key];
    return at ? [{ key, at }] : [];
  });
  return (
    <Section title={t("machines.activity.title")}>
      <ul className="grid gap-2.5">
        {moments.map(({ key, at }) => (
          <li key={key} className="flex flex-wrap justify-between gap-x-4">
            <span>{t(`machines.activity.${key}`)}</span>
            <span className="text-sm text-muted">
              <Moment at={at} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
