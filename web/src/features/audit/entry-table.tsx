import { useTranslation } from "react-i18next";
import type { AuditEntry } from "@/api/types";
import { type Column, Table } from "@/ui/table";
import { Moment } from "@/ui/time";
import { useActionLabel } from "./action";
import { Actor } from "./actor";
import { Outcome } from "./outcome";
import { operationOf } from "./what";

interface EntryTableProps {
  entries: AuditEntry[];
  onOpen: (entry: AuditEntry) => void;
  /** Where all entries are about the same thing, which the page names already. */
  ofOneThing?: boolean;
}

export function EntryTable({ entries, onOpen, ofOneThing }: EntryTableProps) {
  const { t } = useTranslation();
  const label = useActionLabel();
  const columns: (Column<AuditEntry> | false)[] = [
    {
      key: "action",
      grows: true,
      heading: t("audit.action"),
      cell: (entry) => (
        <>
          <button
            type="button"
            onClick={() => onOpen(entry)}
            className="rounded-sm text-start font-medium after:absolute after:inset-0 hover:underline"
          >
            <bdi>{label(entry.action)}</bdi>
          </button>
          <Operation entry={entry} />
        </>
      ),
    },
    { key: "outcome", heading: t("audit.outcome"), cell: (entry) => <Outcome outcome={entry.outcome} /> },
    { key: "actor", heading: t("audit.actor"), className: "max-w-52", cell: (entry) => <Actor actor={entry.actor} /> },
    ofOneThing !== true && {
      key: "resource",
      heading: t("audit.resource"),
      wideOnly: "xl",
      className: "max-w-44",
      cell: (entry) =>
        entry.resource ? (
          <bdi dir="ltr" className="block truncate font-mono text-xs text-muted">
            {entry.resource.id}
          </bdi>
        ) : (
          <span className="text-faint">—</span>
        ),
    },
    {
      key: "at",
      heading: t("audit.time"),
      className: "text-sm text-muted max-md:w-full",
      cell: (entry) => <Moment at={entry.at} />,
    },
  ];
  return (
    <Table
      caption={t("places.audit")}
      columns={columns.filter((column) => column !== false)}
      rows={entries}
      rowKey={(entry) => entry.seq}
    />
  );
}

function Operation({ entry }: { entry: AuditEntry }) {
  const operation = operationOf(entry);
  if (!operation) return null;
  return (
    <bdi dir="ltr" className="block truncate font-mono text-xs text-muted">
      {operation}
    </bdi>
  );
}
