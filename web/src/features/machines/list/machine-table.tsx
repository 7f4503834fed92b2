import { useTranslation } from "react-i18next";
import type { Machine } from "@/api/types";
import { type Column, Table } from "@/ui/table";
import { LabelList } from "../label-list";
import { StateBadge } from "../state";
import { Choose, LastSeen, type ListedProps, MachineLink, Memory, Processor, System } from "./glance";

export function MachineTable({ machines, newest, selection, onPick }: ListedProps) {
  const { t } = useTranslation();
  const pickTitle = (label: string) => t("machines.pick_label", { label });
  const columns: Column<Machine>[] = [
    {
      key: "name",
      grows: true,
      heading: t("machines.name"),
      cell: (machine) => (
        <div className="flex items-start gap-3.5">
          <Choose machine={machine} selection={selection} />
          <div className="min-w-0 flex-1">
            <MachineLink machine={machine} />
            <div className="text-sm text-faint">
              <System machine={machine} />
            </div>
            <LabelList labels={machine.labels} onPick={onPick} pickTitle={pickTitle} className="mt-1.5" />
          </div>
        </div>
      ),
    },
    {
      key: "state",
      heading: t("machines.state"),
      // On a phone it stands below the name, not below the box beside it.
      className: "max-md:ps-8 max-md:pointer-coarse:ps-9.5",
      cell: (machine) => <StateBadge state={machine.state} />,
    },
    {
      key: "processor",
      heading: t("machines.processor"),
      wideOnly: true,
      className: "w-26",
      cell: (machine) => <Processor machine={machine} sample={newest.get(machine.id)} hideLabel className="w-16" />,
    },
    {
      key: "memory",
      heading: t("machines.memory"),
      wideOnly: true,
      className: "w-26",
      cell: (machine) => <Memory machine={machine} sample={newest.get(machine.id)} hideLabel className="w-16" />,
    },
    {
      key: "version",
      heading: t("machines.version"),
      wideOnly: "xl",
      className: "text-sm text-muted",
      cell: (machine) => <bdi>{machine.facts.bridge_version || "—"}</bdi>,
    },
    {
      key: "seen",
      heading: t("machines.last_seen"),
      className: "text-sm text-muted",
      cell: (machine) => <LastSeen machine={machine} />,
    },
  ];
  return (
    <>
      <ChooseAll selection={selection} />
      <Table caption={t("places.machines")} columns={columns} rows={machines} rowKey={(machine) => machine.id} />
    </>
  );
}

export function ChooseAll({ selection }: Pick<ListedProps, "selection">) {
  const { t } = useTranslation();
  return (
    <label className="flex w-fit items-center gap-3 px-5 pt-3 text-sm text-muted pointer-coarse:min-h-11">
      <input
        type="checkbox"
        checked={selection.all}
        onChange={selection.toggleAll}
        className="size-[1.125rem] shrink-0"
      />
      {t("machines.choose_all")}
    </label>
  );
}
