import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { SettingsVersion } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Select } from "@/ui/field";
import { Difference } from "./difference";

/** Any two versions side by side. */
export function Compare({ versions }: { versions: SettingsVersion[] }) {
  const { t } = useTranslation();
  const newest = versions[0]?.version ?? 1;
  const [from, setFrom] = useState(versions[1]?.version ?? 1);
  const [to, setTo] = useState(newest);
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="flex flex-wrap items-end gap-3">
      <VersionSelect label={t("settings.history.from")} versions={versions} value={from} onChange={setFrom} />
      <VersionSelect label={t("settings.history.to")} versions={versions} value={to} onChange={setTo} />
      <Button disabled={from === to} onClick={() => setOpen(true)}>
        {t("settings.history.compare")}
      </Button>
      {isOpen && (
        <Dialog wide open onClose={() => setOpen(false)} title={t("settings.history.compared", { from, to })}>
          <Difference from={from} to={to} />
        </Dialog>
      )}
    </div>
  );
}

interface VersionSelectProps {
  label: string;
  versions: SettingsVersion[];
  value: number;
  onChange: (version: number) => void;
}

function VersionSelect({ label, versions, value, onChange }: VersionSelectProps) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Field label={label} className="min-w-36 flex-1 sm:max-w-72">
      <Select value={value} onChange={(event) => onChange(Number(event.target.value))}>
        {versions.map((one) => (
          <option key={one.version} value={one.version}>
            {`${t("settings.history.version_n", { n: format.number(one.version) })} · ${format.moment(one.at)}`}
          </option>
        ))}
      </Select>
    </Field>
  );
}
