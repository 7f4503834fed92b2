// The control that fits a schema. Maps and lists hold further controls, as deep as the schema goes.
import { useTranslation } from "react-i18next";
import { Choice } from "@/ui/choice";
import { Field, Input, Select, Switch, Textarea } from "@/ui/field";
import { useComplaint } from "../editing";
import { allows, kindOf, type Schema, Unreadable } from "../model/schema";
import { useSettingTexts } from "../words";
import { ComplaintText } from "./complaint";
import { EarlySecretControl } from "./early-secret-control";
import { Group } from "./group";
import { ListControl } from "./list-control";
import { MapControl } from "./map-control";
import { Prose } from "./prose";
import { SecretControl } from "./secret-control";
import { UnitHint } from "./unit-hint";

export interface ControlProps {
  schema: Schema;
  /** Where it stands: `mail.port`, `oidc.providers[0].issuer`. */
  path: string;
  value: unknown;
  disabled: boolean;
  onChange: (value: unknown) => void;
  /** The name stands beside it already. */
  isTop?: boolean;
  /** Whether it may be left out. */
  optional?: boolean;
}

const MANY = 4;
const controlLook = "font-mono text-sm";

export function Control(props: ControlProps) {
  switch (kindOf(props.schema)) {
    case "list":
      return <ListControl {...props} />;
    case "map":
      return <MapControl {...props} />;
    case "secret":
      return <SecretControl {...props} />;
    case "early_secret":
      return <EarlySecretControl {...props} />;
    default:
      return <Single {...props} />;
  }
}

function Single(props: ControlProps) {
  const { schema, path, value, isTop, optional, onChange } = props;
  const texts = useSettingTexts();
  const complaint = useComplaint(path);
  const about = isTop ? undefined : texts.about(path, schema.description);
  const kind = kindOf(schema);
  const error = complaint && <ComplaintText complaint={complaint} onTake={onChange} />;
  if (kind === "choice" && optionsOf(schema).length < MANY && value != null) {
    return (
      <Group label={texts.name(path)} hideLabel={isTop} hint={about && <Prose text={about} />} error={error}>
        <Segments {...props} />
      </Group>
    );
  }
  const hint = (
    <>
      {about && <Prose text={about} />}
      {kind === "number" && <UnitHint path={path} schema={schema} value={value} />}
    </>
  );
  return (
    <Field
      label={texts.name(path)}
      hideLabel={isTop ?? false}
      optional={Boolean(optional) && kind !== "switch"}
      hint={(about || kind === "number") && hint}
      error={error}
    >
      <Widget {...props} />
    </Field>
  );
}

function Segments({ schema, path, value, disabled, onChange }: ControlProps) {
  const texts = useSettingTexts();
  const options = optionsOf(schema).map((one) => ({ value: one, label: texts.choice(path, one) }));
  return (
    <div className="justify-self-start">
      <Choice
        label={texts.name(path)}
        value={String(value)}
        options={options}
        disabled={disabled}
        onChange={onChange}
      />
    </div>
  );
}

function Widget({ schema, path, value, disabled, onChange }: ControlProps) {
  const { t } = useTranslation();
  const texts = useSettingTexts();
  switch (kindOf(schema)) {
    case "switch":
      return (
        <Switch checked={value === true} disabled={disabled} onChange={(event) => onChange(event.target.checked)} />
      );
    case "choice":
      return (
        <Select
          value={value == null ? "" : String(value)}
          disabled={disabled}
          onChange={(event) => onChange(event.target.value || null)}
        >
          {(allows(schema, "null") || value == null) && (
            <option value="">{t(allows(schema, "null") ? "settings.not_set" : "settings.source_default")}</option>
          )}
          {optionsOf(schema).map((one) => (
            <option key={one} value={one}>
              {texts.choice(path, one)}
            </option>
          ))}
        </Select>
      );
    case "number":
      return (
        <Input
          code
          inputMode="numeric"
          className={`${controlLook} max-w-44`}
          value={value == null ? "" : String(value)}
          disabled={disabled}
          onChange={(event) => onChange(numberIn(event.target.value, schema))}
        />
      );
    case "other":
      return (
        <Textarea
          dir="ltr"
          rows={4}
          className={controlLook}
          value={value instanceof Unreadable ? value.text : JSON.stringify(value, null, 2)}
          disabled={disabled}
          onChange={(event) => onChange(jsonIn(event.target.value))}
        />
      );
    default:
      return (
        <Input
          className={controlLook}
          spellCheck={false}
          autoCapitalize="none"
          autoCorrect="off"
          placeholder={typeof schema.default === "string" ? schema.default : undefined}
          value={value == null ? "" : String(value)}
          disabled={disabled}
          onChange={(event) => onChange(textIn(event.target.value, schema))}
        />
      );
  }
}

function optionsOf(schema: Schema): string[] {
  return (schema.enum ?? []).filter((one) => one !== null).map(String);
}

/** What is no number stays as it was typed, and is told to be none. */
function numberIn(text: string, schema: Schema): unknown {
  const trimmed = text.trim();
  if (trimmed === "") return allows(schema, "null") ? null : "";
  return /^-?\d{1,15}$/.test(trimmed) ? Number(trimmed) : text;
}

function textIn(text: string, schema: Schema): string | null {
  return text === "" && allows(schema, "null") ? null : text;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return new Unreadable(text);
  }
}
