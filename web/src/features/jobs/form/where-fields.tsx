// Where a job may run: on one machine, on one of those with some labels, or on any.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Machine } from "@/api/types";
import { isSelected, splitLabels } from "@/features/machines/labels";
import { allMachinesQuery } from "@/features/machines/queries";
import { isThere, StateBadge } from "@/features/machines/state";
import { Field, Input, Select } from "@/ui/field";
import type { JobTarget } from "../api";
import { WideChoice } from "../wide-choice";
import { areLabels } from "./complaints";
import type { PartProps } from "./job-fields";

const kinds: JobTarget["kind"][] = ["any", "machine", "labels"];

export function WhereFields({ draft, set, complaints }: PartProps) {
  const { t } = useTranslation();
  const machines = useQuery(allMachinesQuery).data?.items.filter(mayBeAsked) ?? [];
  const { target } = draft;
  const change = (part: Partial<typeof target>) => set({ target: { ...target, ...part } });
  return (
    <div className="grid gap-4">
      <WideChoice
        label={t("jobs.form.where")}
        value={target.kind}
        options={kinds.map((kind) => ({ value: kind, label: t(`jobs.target.choose_${kind}`) }))}
        onChange={(kind) => change({ kind })}
      />
      {target.kind === "any" && <p className="text-sm text-muted">{t("jobs.target.any_means")}</p>}
      {target.kind === "machine" && (
        <Field
          label={t("commands.machine")}
          hint={t("jobs.target.machine_hint")}
          error={complaints.at("target")}
          className="sm:max-w-sm"
        >
          <Select value={target.machine} onChange={(event) => change({ machine: event.target.value })}>
            <option value="">{t("jobs.target.choose")}</option>
            {target.machine && !machines.some(({ id }) => id === target.machine) && (
              <option value={target.machine}>{target.machine}</option>
            )}
            {machines.map((machine) => (
              <option key={machine.id} value={machine.id}>
                {isThere(machine) ? machine.name : `${machine.name} · ${t(`machines.state_${machine.state}`)}`}
              </option>
            ))}
          </Select>
        </Field>
      )}
      {target.kind === "labels" && (
        <>
          <Field
            label={t("machines.labels")}
            hint={t("jobs.target.labels_hint")}
            error={complaints.at("target")}
            className="sm:max-w-lg"
          >
            <Input
              code
              maxLength={1000}
              placeholder="env=prod, gpu"
              value={target.labels}
              onChange={(event) => change({ labels: event.target.value })}
            />
          </Field>
          {areLabels(target.labels) && <Meant machines={machines} labels={splitLabels(target.labels)} />}
        </>
      )}
    </div>
  );
}

function mayBeAsked({ state }: Machine): boolean {
  return state !== "revoked" && state !== "locked";
}

function Meant({ machines, labels }: { machines: Machine[]; labels: string[] }) {
  const { t } = useTranslation();
  const meant = machines.filter((machine) => isSelected(machine.labels, labels));
  return (
    <div aria-live="polite" className="text-sm">
      <p className="text-muted">{t("commands.many.matching", { count: meant.length })}</p>
      <ul className="mt-1.5 flex max-h-40 flex-wrap gap-x-4 gap-y-1.5 overflow-y-auto">
        {meant.map((machine) => (
          <li key={machine.id} className="flex items-center gap-2">
            <bdi dir="ltr" className="font-medium">
              {machine.name}
            </bdi>
            <StateBadge state={machine.state} />
          </li>
        ))}
      </ul>
    </div>
  );
}
