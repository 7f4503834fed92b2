import { useTranslation } from "react-i18next";
import { type PeopleSearch, roles } from "@/app/search";
import { Field, Select } from "@/ui/field";
import { SearchField } from "@/ui/search-field";

interface PeopleFiltersProps {
  search: PeopleSearch;
  onChange: (part: Partial<PeopleSearch>) => void;
}

export function PeopleFilters({ search, onChange }: PeopleFiltersProps) {
  const { t } = useTranslation();
  return (
    <search className="flex flex-wrap gap-3 border-b border-line p-4">
      <SearchField
        label={t("people.search")}
        value={search.search ?? ""}
        onChange={(text) => onChange({ search: text || undefined })}
        className="min-w-48 flex-1"
      />
      <Field label={t("people.role")} hideLabel>
        <Select
          value={search.role ?? ""}
          onChange={(event) => onChange({ role: roles.find((role) => role === event.target.value) })}
        >
          <option value="">{t("people.any_role")}</option>
          {roles.map((role) => (
            <option key={role} value={role}>
              {t(`role.${role}`)}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t("people.status")} hideLabel>
        <Select
          value={search.status ?? ""}
          onChange={(event) => onChange({ status: (event.target.value || undefined) as PeopleSearch["status"] })}
        >
          <option value="">{t("people.any_status")}</option>
          <option value="active">{t("people.active")}</option>
          <option value="disabled">{t("people.disabled")}</option>
        </Select>
      </Field>
    </search>
  );
}
