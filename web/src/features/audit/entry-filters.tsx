import { useTranslation } from "react-i18next";
import { type AuditSearch, outcomes } from "@/app/search";
import { Button } from "@/ui/button";
import { Field, Input, Select } from "@/ui/field";
import { SearchField } from "@/ui/search-field";
import { useKnownActions } from "./action";

interface EntryFiltersProps {
  search: AuditSearch;
  onChange: (part: Partial<AuditSearch>) => void;
  onClear: (() => void) | undefined;
}

export function EntryFilters({ search, onChange, onClear }: EntryFiltersProps) {
  const { t } = useTranslation();
  const actions = useKnownActions();
  const odd = search.action && !actions.some(({ code }) => code === search.action) ? search.action : undefined;
  return (
    <search className="grid grid-cols-2 items-end gap-3 border-b border-line p-4 lg:flex lg:flex-wrap">
      <SearchField
        label={t("audit.search")}
        value={search.search ?? ""}
        onChange={(text) => onChange({ search: text || undefined })}
        className="col-span-2 min-w-48 flex-1"
      />
      <SearchField
        label={t("audit.actor")}
        value={search.actor ?? ""}
        onChange={(text) => onChange({ actor: text || undefined })}
        className="lg:w-36"
      />
      <SearchField
        label={t("audit.resource")}
        value={search.resource ?? ""}
        onChange={(text) => onChange({ resource: text || undefined })}
        className="lg:w-48"
      />
      <Field label={t("audit.action")} hideLabel className="lg:w-48">
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
      <Field label={t("audit.outcome")} hideLabel className="lg:w-36">
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
      <Field label={t("audit.since")}>
        <Input
          type="date"
          value={search.since ?? ""}
          onChange={(event) => onChange({ since: event.target.value || undefined })}
        />
      </Field>
      <Field label={t("audit.until")}>
        <Input
          type="date"
          value={search.until ?? ""}
          onChange={(event) => onChange({ until: event.target.value || undefined })}
        />
      </Field>
      {onClear && (
        <Button look="quiet" icon="close" onClick={onClear}>
          {t("audit.clear")}
        </Button>
      )}
    </search>
  );
}
