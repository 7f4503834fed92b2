import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Command } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { type Column, Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import { CommandState } from "./command-state";
import { summary } from "./draft";

interface CommandTableProps {
  commands: Command[];
  /** Left out on the page of one machine. */
  withMachine: boolean;
}

export function CommandTable({ commands, withMachine }: CommandTableProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns: Column<Command>[] = [
    {
      key: "operation",
      grows: true,
      heading: t("commands.operation"),
      cell: (command) => (
        <Link
          to="/machines/commands/$id"
          params={{ id: command.id }}
          dir="ltr"
          className="block truncate rounded-sm font-mono text-sm font-medium after:absolute after:inset-0 hover:underline rtl:text-end"
        >
          {summary(command.operation)}
        </Link>
      ),
    },
    { key: "state", heading: t("machines.state"), cell: (command) => <CommandState command={command} /> },
    ...(withMachine
      ? [
          {
            key: "machine",
            heading: t("commands.machine"),
            className: "max-w-44 text-sm text-muted",
            cell: (command: Command) => (
              <bdi dir="ltr" className="block truncate">
                {command.machine_name}
              </bdi>
            ),
          },
        ]
      : []),
    {
      key: "actor",
      heading: t("commands.actor"),
      wideOnly: "xl",
      className: "max-w-44 text-sm text-muted",
      cell: (command) => <bdi className="block truncate">{command.actor.name}</bdi>,
    },
    {
      key: "took",
      heading: t("commands.took"),
      wideOnly: true,
      className: "text-sm text-muted",
      cell: (command) => (command.usage ? format.took(Math.round(command.usage.wall_us / 1000)) : "—"),
    },
    {
      key: "at",
      heading: t("commands.issued"),
      className: "text-sm text-muted",
      cell: (command) => <Ago at={command.issued_at} />,
    },
  ];
  return <Table caption={t("places.commands")} columns={columns} rows={commands} rowKey={(command) => command.id} />;
}
