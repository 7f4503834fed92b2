import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Machine } from "@/api/types";
import { Button } from "@/ui/button";
import { Choice } from "@/ui/choice";
import { Field, Input } from "@/ui/field";
import { LabelList } from "../label-list";
import { isLabel, splitLabels } from "../labels";
import { StateBadge } from "../state";

export interface Targets {
  by: "hand" | "labels";
  ids: string[];
  labels: string;
}

interface TargetFieldsProps {
  machines: Machine[];
  targets: Targets;
  meant: Machine[];
  onChange: (targets: Targets) => void;
}

export function TargetFields({ machines, targets, meant, onChange }: TargetFieldsProps) {
  const { t } = useTranslation();
  return (
    <div className="grid gap-4">
      <div className="justify-self-start">
        <Choice
          label={t("commands.many.by")}
          value={targets.by}
          options={[
            { value: "hand", label: t("commands.many.by_hand") },
            { value: "labels", label: t("commands.many.by_labels") },
          ]}
          onChange={(by) => onChange({ ...targets, by })}
        />
      </div>
      {targets.by === "hand" ? (
        <ByHand machines={machines} ids={targets.ids} onChange={(ids) => onChange({ ...targets, ids })} />
      ) : (
        <ByLabels labels={targets.labels} meant={meant} onChange={(labels) => onChange({ ...targets, labels })} />
      )}
    </div>
  );
}

interface ByHandProps {
  machines: Machine[];
  ids: string[];
  onChange: (ids: string[]) => void;
}

function ByHand({ machines, ids, onChange }: ByHandProps) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const sought = text.trim().toLowerCase();
  const found = machines.filter(({ name, labels }) => [name, ...labels].some((one) => one.includes(sought)));
  const foundIds = found.map(({ id }) => id);
  const all = found.length > 0 && foundIds.every((id) => ids.includes(id));
  const toggle = (id: string) => onChange(ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id]);
  const toggleAll = () =>
    onChange(all ? ids.filter((id) => !foundIds.includes(id)) : [...new Set([...ids, ...foundIds])]);
  return (
    <fieldset className="grid gap-3">
      <legend className="sr-only">{t("commands.many.by_hand")}</legend>
      <div className="flex flex-wrap items-center gap-3">
        <Field label={t("machines.search")} hideLabel className="min-w-0 flex-1 basis-52">
          <Input
            type="search"
            placeholder={t("machines.search")}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
        <p aria-live="polite" className="text-sm text-muted">
          {t("machines.bulk.count", { count: ids.length })}
        </p>
        <Button size="sm" onClick={toggleAll} disabled={found.length === 0}>
          {t(all ? "commands.many.none" : "commands.many.all")}
        </Button>
      </div>
      <ul className="max-h-72 divide-y divide-line overflow-y-auto rounded-md border border-line">
        {found.map((machine) => (
          <li key={machine.id}>
            <label className="flex min-h-11 cursor-pointer flex-wrap items-center gap-x-3 gap-y-1 px-3.5 py-2 hover:bg-raised/50">
              <input
                type="checkbox"
                checked={ids.includes(machine.id)}
                onChange={() => toggle(machine.id)}
                className="size-[1.125rem] shrink-0"
              />
              <bdi dir="ltr" className="font-medium wrap-anywhere">
                {machine.name}
              </bdi>
              <StateBadge state={machine.state} />
              <LabelList labels={machine.labels} className="max-sm:hidden" />
            </label>
          </li>
        ))}
        {found.length === 0 && <li className="px-3.5 py-3 text-muted">{t("machines.nothing_found")}</li>}
      </ul>
    </fieldset>
  );
}

interface ByLabelsProps {
  labels: string;
  meant: Machine[];
  onChange: (labels: string) => void;
}

function ByLabels({ labels, meant, onChange }: ByLabelsProps) {
  const { t } = useTranslation();
  const all = splitLabels(labels);
  const isUnfit = all.some((label) => !isLabel(label));
  return (
    <div className="grid gap-3">
      <Field
        label={t("machines.labels")}
        hint={t("commands.many.labels_hint")}
        error={isUnfit && t("field.label_invalid")}
        className="sm:max-w-lg"
      >
        <Input
          code
          maxLength={1000}
          placeholder="env=prod, gpu"
          value={labels}
          onChange={(event) => onChange(event.target.value)}
        />
      </Field>
      {all.length > 0 && !isUnfit && (
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
      )}
    </div>
  );
}
