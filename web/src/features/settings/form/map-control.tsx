// A map with known keys: a field for each. One that need not be there is set up and taken away as a whole.
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/button";
import { useComplaint } from "../editing";
import { allows, emptyOf, fieldsOf, isDeep, isMap, kindOf } from "../model/schema";
import { useSettingTexts } from "../words";
import { ComplaintText } from "./complaint";
import { Control, type ControlProps } from "./control";
import { Group } from "./group";

export function MapControl({ schema, path, value, disabled, onChange, isTop }: ControlProps) {
  const { t } = useTranslation();
  const texts = useSettingTexts();
  const complaint = useComplaint(path);
  const name = texts.name(path);
  if (!isMap(value)) {
    return (
      <Group label={name} hideLabel={isTop} error={complaint && <ComplaintText complaint={complaint} />}>
        <p className="flex flex-wrap items-center gap-x-4 gap-y-2 text-muted">
          {t("settings.not_set")}
          {!disabled && (
            <Button size="sm" icon="plus" onClick={() => onChange(emptyOf({ ...schema, default: undefined }))}>
              {t("settings.set_up")}
            </Button>
          )}
        </p>
      </Group>
    );
  }
  return (
    <Group label={name} hideLabel={isTop} error={complaint && <ComplaintText complaint={complaint} />}>
      <div className="grid gap-4 rounded-md border border-line p-4">
        <MapFields schema={schema} path={path} value={value} disabled={disabled} onChange={onChange} />
        {allows(schema, "null") && !disabled && (
          <div className="flex justify-end">
            <Button size="sm" look="quiet" icon="trash" onClick={() => onChange(null)}>
              {t("common.remove")}
            </Button>
          </div>
        )}
      </div>
    </Group>
  );
}

type MapFieldsProps = Omit<ControlProps, "value"> & { value: Record<string, unknown> };

export function MapFields({ schema, path, value, disabled, onChange }: MapFieldsProps) {
  return (
    <div className="grid items-start gap-x-5 gap-y-4 sm:grid-cols-2">
      {fieldsOf(schema).map(([name, field]) => (
        <div key={name} className={isDeep(field) || kindOf(field) === "list" ? "sm:col-span-2" : undefined}>
          <Control
            schema={field}
            path={`${path}.${name}`}
            value={value[name] ?? field.default}
            disabled={disabled}
            optional={allows(field, "null") || (!schema.required?.includes(name) && !field.default)}
            onChange={(next) => onChange(withField(value, name, next))}
          />
        </div>
      ))}
    </div>
  );
}

/** What is not set is left out, as one would in the file. */
function withField(map: Record<string, unknown>, name: string, value: unknown): Record<string, unknown> {
  const { [name]: _, ...others } = map;
  return value == null ? others : { ...map, [name]: value };
}
