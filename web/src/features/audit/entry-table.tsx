import { useTranslation } from "react-i18next";
import type { AuditEntry } from "@/api/types";
import { type Column, Table } from "@/ui/table";
import { Moment } from "@/ui/time";
import { useActionLabel } from "./action";
import { Actor } from "./actor";
import { Outcome } from "./outcome";

interface EntryTableProps {
  entries: AuditEntry[];
  onOpen: (entry: AuditEntry) => void;
}

export function EntryTable({ entries, onOpen }: EntryTableProps) {
  const { t } = useTranslation();
  const label = useActionLabel();
  const columns: Column<AuditEntry>[] = [
    {
      key: "action",
      grows: true,
      heading: t("audit.action"),
      cell: (entry) => (
        <button
          type="button"
          onClick={() => onOpen(entry)}
          className="rounded-sm text-start font-medium after:absolute after:inset-0 hover:underline"
        >
          <bdi>{label(entry.action)}</bdi>
        </button>
      ),
    },
    { key: "outcome", heading: t("audit.outcome"), cell: (entry) => <Outcome outcome={entry.outcome} /> },
    { key: "actor", heading: t("audit.actor"), className: "max-w-52", cell: (entry) => <Actor actor={entry.actor} /> },
    {
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
  return <Table caption={t("places.audit")} columns={columns} rows={entries} rowKey={(entry) => entry.seq} />;
}
