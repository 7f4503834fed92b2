import { useTranslation } from "react-i18next";
import { LabelList } from "../label-list";
import { isThere, StateBadge } from "../state";
import { Choose, LastSeen, type ListedProps, MachineLink, Memory, Processor, System } from "./glance";
import { ChooseAll } from "./machine-table";

export function MachineCards({ machines, newest, selection, onPick }: ListedProps) {
  const { t } = useTranslation();
  return (
    <>
      <ChooseAll selection={selection} />
      <ul className="grid gap-3 p-4 sm:grid-cols-2 xl:grid-cols-3">
        {machines.map((machine) => (
          <li
            key={machine.id}
            className="relative flex min-h-48 min-w-0 flex-col gap-3 rounded-lg border border-line p-4 hover:border-edge/60 hover:bg-raised/40"
          >
            <div className="flex items-start gap-3.5">
              <Choose machine={machine} selection={selection} />
              <div className="min-w-0 flex-1">
                <MachineLink machine={machine} />
                <div className="text-sm text-faint">
                  <System machine={machine} wraps />
                </div>
              </div>
              <StateBadge state={machine.state} />
            </div>
            <LabelList
              labels={machine.labels}
              onPick={onPick}
              pickTitle={(label) => t("machines.pick_label", { label })}
            />
            <div className="mt-auto grid grid-cols-2 gap-4">
              <Processor machine={machine} sample={newest.get(machine.id)} />
              <Memory machine={machine} sample={newest.get(machine.id)} />
            </div>
            <p className="flex justify-between gap-3 text-sm text-faint">
              <span>{!isThere(machine) && <LastSeen machine={machine} />}</span>
              {machine.facts.bridge_version && (
                <span>{t("machines.bridge_version", { version: machine.facts.bridge_version })}</span>
              )}
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}
