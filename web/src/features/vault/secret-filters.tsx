import { useTranslation } from "react-i18next";
import { type SecretsSearch, secretKinds } from "@/app/search";
import { Checkbox, Field, Select } from "@/ui/field";
import { SearchField } from "@/ui/search-field";

interface SecretFiltersProps {
  search: SecretsSearch;
  onChange: (part: Partial<SecretsSearch>) => void;
}

export function SecretFilters({ search, onChange }: SecretFiltersProps) {
  const { t } = useTranslation();
  return (
    <search className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line p-4">
      <SearchField
        label={t("vault.search")}
        value={search.search ?? ""}
        onChange={(text) => onChange({ search: text || undefined })}
        className="min-w-0 flex-1 basis-64"
      />
      <Field label={t("vault.kind")} hideLabel className="min-w-40">
        <Select
          value={search.kind ?? ""}
          onChange={(event) => onChange({ kind: secretKinds.find((one) => one === event.target.value) })}
        >
          <option value="">{t("vault.any_kind")}</option>
          {secretKinds.map((kind) => (
            <option key={kind} value={kind}>
              {t(`vault.kind_${kind}`)}
            </option>
          ))}
        </Select>
      </Field>
      <Checkbox
        label={t("vault.due_only")}
        checked={search.due ?? false}
        onChange={(event) => onChange({ due: event.target.checked || undefined })}
      />
    </search>
  );
}
