// The filters of the log. On a phone only the search stands open; the others wait behind a button that counts them.
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { type AuditSearch, outcomes } from "@/app/search";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Field, Input, Select } from "@/ui/field";
import { SearchField } from "@/ui/search-field";
import { useKnownActions } from "./action";
import { countFilters } from "./filters";

interface EntryFiltersProps {
  search: AuditSearch;
  onChange: (part: Partial<AuditSearch>) => void;
  onClear: (() => void) | undefined;
}

export function EntryFilters({ search, onChange, onClear }: EntryFiltersProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const id = useId();
  const [open, setOpen] = useState(false);
  const count = countFilters({ ...search, search: undefined });
  return (
    <search className="grid gap-3 border-b border-line p-4">
      <div className="flex gap-3">
        <SearchField
          label={t("audit.search")}
          value={search.search ?? ""}
          onChange={(text) => onChange({ search: text || undefined })}
          className="min-w-0 flex-1"
        />
        <Button
          icon="settings"
          aria-expanded={open}
          aria-controls={id}
          className="md:hidden"
          onClick={() => setOpen(!open)}
        >
          {t("audit.filters")}
          {count > 0 && (
            <span className="grid min-w-5 place-items-center rounded-full bg-accent px-1 text-xs text-on-accent">
              {format.number(count)}
            </span>
          )}
        </Button>
      </div>
      <div
        id={id}
        className={cx(
          "grid-cols-2 items-end gap-3 md:grid md:grid-cols-3 md:items-center min-[90rem]:flex min-[90rem]:flex-wrap",
          open ? "grid" : "hidden",
        )}
      >
        <Choices search={search} onChange={onChange} />
        <SearchField
          label={t("audit.actor")}
          value={search.actor ?? ""}
          onChange={(text) => onChange({ actor: text || undefined })}
          className="min-[90rem]:w-36 min-[90rem]:flex-1"
        />
        <SearchField
          label={t("audit.resource")}
          value={search.resource ?? ""}
          onChange={(text) => onChange({ resource: text || undefined })}
          className="min-[90rem]:w-36 min-[90rem]:flex-1"
        />
        <Day label={t("audit.since")} value={search.since} onChange={(since) => onChange({ since })} />
        <Day label={t("audit.until")} value={search.until} onChange={(until) => onChange({ until })} />
        {onClear && (
          <Button look="quiet" icon="close" onClick={onClear} className="max-md:col-span-2">
            {t("audit.clear")}
          </Button>
        )}
      </div>
    </search>
  );
}

function Choices({ search, onChange }: Omit<EntryFiltersProps, "onClear">) {
  const { t } = useTranslation();
  const actions = useKnownActions();
  const odd = search.action && !actions.some(({ code }) => code === search.action) ? search.action : undefined;
  return (
    <>
      <Field label={t("audit.action")} hideLabel className="min-[90rem]:w-44">
        <Select value={search.action ?? ""} onChange={(event) => onChange({ action: event.target.value || undefined })}>
          <option value="">{t("audit.any_action")}</option>
          {odd && <option value={odd}>{odd}</option>}
          {actions.map(({ code, label }) => (
            <option key={code} value={code}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t("audit.outcome")} hideLabel className="min-[90rem]:w-36">
        <Select
          value={search.outcome ?? ""}
          onChange={(event) => onChange({ outcome: outcomes.find((one) => one === event.target.value) })}
        >
          <option value="">{t("audit.any_outcome")}</option>
          {outcomes.map((outcome) => (
            <option key={outcome} value={outcome}>
              {t(`audit.outcome_${outcome}`)}
            </option>
          ))}
        </Select>
      </Field>
    </>
  );
}

interface DayProps {
  label: string;
  value: string | undefined;
  onChange: (day: string | undefined) => void;
}

function Day({ label, value, onChange }: DayProps) {
  return (
    <Field label={label} className="md:flex md:items-center md:gap-2">
      <Input
        type="date"
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value || undefined)}
        className="md:flex-1 min-[90rem]:w-36 min-[90rem]:flex-none"
      />
    </Field>
  );
}
