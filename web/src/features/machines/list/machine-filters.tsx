import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type MachinesSearch, machineStates } from "@/app/search";
import { Choice } from "@/ui/choice";
import { Field, Input, Select } from "@/ui/field";
import { Icon } from "@/ui/icon";
import { SearchField } from "@/ui/search-field";
import { isLabel, splitLabels } from "../labels";

export type View = "table" | "cards";

interface MachineFiltersProps {
  search: MachinesSearch;
  view: View;
  onView: (view: View) => void;
  onChange: (part: Partial<MachinesSearch>) => void;
}

export function MachineFilters({ search, view, onView, onChange }: MachineFiltersProps) {
  const { t } = useTranslation();
  return (
    <search className="flex flex-wrap items-start gap-x-3 gap-y-2 border-b border-line p-4">
      <SearchField
        label={t("machines.search")}
        value={search.search ?? ""}
        onChange={(text) => onChange({ search: text || undefined })}
        className="min-w-0 flex-1 basis-52"
      />
      <LabelFilter value={search.labels ?? ""} onChange={(labels) => onChange({ labels: labels || undefined })} />
      <Field label={t("machines.state")} hideLabel className="min-w-36 max-sm:flex-1">
        <Select
          value={search.state ?? ""}
          onChange={(event) => onChange({ state: machineStates.find((one) => one === event.target.value) })}
        >
          <option value="">{t("machines.any_state")}</option>
          {machineStates.map((state) => (
            <option key={state} value={state}>
              {t(`machines.state_${state}`)}
            </option>
          ))}
        </Select>
      </Field>
      <Choice
        label={t("machines.view")}
        value={view}
        options={[
          { value: "table", label: t("machines.view_table") },
          { value: "cards", label: t("machines.view_cards") },
        ]}
        onChange={onView}
      />
    </search>
  );
}

const PAUSE_MS = 350;

/** Asks once what is typed is a selector; until then it says what one looks like. */
function LabelFilter({ value, onChange }: { value: string; onChange: (labels: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const labels = splitLabels(text);
  const unfit = labels.find((label) => !isLabel(label));
  const asked = labels.join(",");

  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (asked === value || unfit !== undefined) return undefined;
    const timer = setTimeout(() => onChange(asked), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [asked, value, unfit, onChange]);

  return (
    <Field
      label={t("machines.labels_filter")}
      hideLabel
      error={unfit !== undefined && t("field.label_invalid")}
      className="min-w-0 flex-1 basis-52"
    >
      <span className="relative block">
        <Icon name="tag" className="pointer-events-none absolute inset-y-0 start-3 my-auto size-4 text-faint" />
        <Input
          code
          type="search"
          maxLength={1000}
          placeholder="env=prod, gpu"
          value={text}
          onChange={(event) => setText(event.target.value)}
          className="pl-9 in-[[dir=rtl]]:pr-9 in-[[dir=rtl]]:pl-3"
        />
      </span>
    </Field>
  );
}
