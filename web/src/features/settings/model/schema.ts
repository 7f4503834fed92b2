// What a JSON Schema says about a setting: which control fits, what a new value begins as, and what does not fit.

export interface Schema {
  type?: string | string[];
  format?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}

export type Kind = "switch" | "choice" | "number" | "secret" | "early_secret" | "text" | "list" | "map" | "other";

/** Why a value does not fit, as a key of the words `settings.flaw` and what belongs in it. */
export interface Flaw {
  path: string;
  code: "required" | "whole_number" | "range" | "at_least" | "too_long" | "too_many" | "choice" | "reference" | "json";
  values?: { least?: number; most?: number };
}

/** What a plain secret is shown as, by the server and to it. */
export const DOTS = "•••";
export const VAULT = "vault:";
const SECRET_NAME = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/;

export function allows(schema: Schema, type: string): boolean {
  return Array.isArray(schema.type) ? schema.type.includes(type) : schema.type === type;
}

export function kindOf(schema: Schema): Kind {
  if (schema.format === "secret") return "secret";
  if (schema.format === "password") return "early_secret";
  if (schema.enum) return "choice";
  if (allows(schema, "boolean")) return "switch";
  if (allows(schema, "integer") || allows(schema, "number")) return "number";
  if (allows(schema, "array") && schema.items) return "list";
  if (allows(schema, "object") && schema.properties) return "map";
  return allows(schema, "string") ? "text" : "other";
}

/** Whether it has rows of its own and so needs the width of the page. */
export function isDeep(schema: Schema): boolean {
  const kind = kindOf(schema);
  return kind === "map" || kind === "other" || (kind === "list" && kindOf(schema.items ?? {}) === "map");
}

const order: Kind[] = ["secret", "early_secret", "text", "number", "choice", "switch", "list", "map", "other"];

/** The fields of a map: what must be given first, in the order of the server; then the short ones before the long. */
export function fieldsOf({ properties = {}, required = [] }: Schema): [string, Schema][] {
  const place = ([name, field]: [string, Schema]) =>
    required.includes(name) ? required.indexOf(name) : required.length + order.indexOf(kindOf(field));
  return Object.entries(properties).sort((a, b) => place(a) - place(b));
}

/** What a new value begins as. */
export function emptyOf(schema: Schema): unknown {
  if (schema.default !== undefined) return schema.default;
  const kind = kindOf(schema);
  if (kind === "map") {
    const needed = fieldsOf(schema).filter(([name, field]) => schema.required?.includes(name) || field.default != null);
    return Object.fromEntries(needed.map(([name, field]) => [name, emptyOf(field)]));
  }
  if (kind === "list") return [];
  if (kind === "switch") return false;
  if (kind === "choice") return schema.enum?.find((one) => one !== null);
  return "";
}

export function flawsOf(schema: Schema, value: unknown, path: string): Flaw[] {
  if (value == null) return allows(schema, "null") ? [] : [{ path, code: "required" }];
  switch (kindOf(schema)) {
    case "choice":
      return schema.enum?.includes(value) ? [] : [{ path, code: "choice" }];
    case "number":
      return numberFlaws(schema, value, path);
    case "secret":
      return typeof value === "string" && value.startsWith(VAULT) && !SECRET_NAME.test(value.slice(VAULT.length))
        ? [{ path, code: "reference" }]
        : [];
    case "text":
      return textFlaws(schema, String(value), path);
    case "list":
      return listFlaws(schema, Array.isArray(value) ? value : [], path);
    case "map":
      return mapFlaws(schema, isMap(value) ? value : {}, path);
    case "other":
      return value instanceof Unreadable ? [{ path, code: "json" }] : [];
    default:
      return [];
  }
}

/** A text that should have been JSON, kept while somebody is still writing it. */
export class Unreadable {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function numberFlaws({ minimum: least, maximum: most }: Schema, value: unknown, path: string): Flaw[] {
  if (value === "") return [{ path, code: "required" }];
  const code = most === undefined ? (least === undefined ? "whole_number" : "at_least") : "range";
  const isWithin = (number: number) => number >= (least ?? -Infinity) && number <= (most ?? Infinity);
  const fits = typeof value === "number" && Number.isSafeInteger(value) && isWithin(value);
  return fits ? [] : [{ path, code, values: { least: least ?? 0, most } }];
}

function textFlaws({ minLength = 0, maxLength }: Schema, text: string, path: string): Flaw[] {
  const length = [...text].length;
  if (length < minLength) return [{ path, code: "required" }];
  return maxLength !== undefined && length > maxLength ? [{ path, code: "too_long", values: { most: maxLength } }] : [];
}

function listFlaws({ items = {}, maxItems }: Schema, list: unknown[], path: string): Flaw[] {
  const inside = list.flatMap((item, at) => flawsOf(items, item, `${path}[${at}]`));
  const tooMany = maxItems !== undefined && list.length > maxItems;
  return tooMany ? [{ path, code: "too_many", values: { most: maxItems } }, ...inside] : inside;
}

function mapFlaws(schema: Schema, map: Record<string, unknown>, path: string): Flaw[] {
  return fieldsOf(schema).flatMap(([name, field]) => {
    const value = map[name];
    const needed = schema.required?.includes(name) ?? false;
    if (value == null) return needed && !allows(field, "null") ? [{ path: `${path}.${name}`, code: "required" }] : [];
    if (value === "" && needed && kindOf(field) === "text") return [{ path: `${path}.${name}`, code: "required" }];
    return flawsOf(field, value, `${path}.${name}`);
  });
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
