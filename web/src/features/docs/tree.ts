// A schema as a tree that people can open: each node says what a value is, which limits it has and what it holds.
import { kindOf, type Plain, plain, type Schema, type Schemas } from "./schema";

export interface Limit {
  kind:
    | "format"
    | "pattern"
    | "enum"
    | "const"
    | "default"
    | "minimum"
    | "maximum"
    | "above"
    | "below"
    | "multiple_of"
    | "min_length"
    | "max_length"
    | "min_items"
    | "max_items"
    | "unique"
    | "closed";
  value: string[];
}

export interface Node {
  /** The field's name; a list's item and a choice have none. */
  name: string | undefined;
  type: string;
  required: boolean;
  nullable: boolean;
  deprecated: boolean;
  readOnly: boolean;
  writeOnly: boolean;
  description: string | undefined;
  limits: Limit[];
  fields: Node[];
  /** Of these it is one. */
  choices: Node[];
  /** It stands within itself: what it holds was told further up. */
  recursive: boolean;
}

export function treeOf(schema: Schema, schemas: Schemas): Node {
  return node(schema, schemas, { name: undefined, required: true, above: [] });
}

interface Place {
  name: string | undefined;
  required: boolean;
  above: readonly string[];
}

function node(schema: Schema, schemas: Schemas, place: Place): Node {
  const found = plain(schema, schemas);
  const recursive = found.followed.some((name) => place.above.includes(name));
  const above = [...place.above, ...found.followed];
  const list = kindOf(found) === "array" && found.schema.items;
  // A list shows what its items hold without a step in between.
  const item = list && !recursive ? node(list, schemas, { name: undefined, required: true, above }) : null;
  return {
    name: place.name,
    type: typeOf(found, schemas, item),
    required: place.required,
    nullable: found.nullable,
    deprecated: found.schema.deprecated ?? false,
    readOnly: found.schema.readOnly ?? false,
    writeOnly: found.schema.writeOnly ?? false,
    description: found.schema.description,
    limits: [...limitsOf(found.schema), ...itemLimits(item)],
    fields: recursive ? [] : item ? item.fields : fieldsOf(found, schemas, above),
    choices: recursive ? [] : item ? item.choices : choicesOf(found, schemas, above),
    recursive: recursive || (item?.recursive ?? false),
  };
}

function itemLimits(item: Node | null): Limit[] {
  return (item?.limits ?? []).filter(({ kind }) => kind === "enum" || kind === "format" || kind === "pattern");
}

function fieldsOf({ schema }: Plain, schemas: Schemas, above: readonly string[]): Node[] {
  const fields = Object.entries(schema.properties ?? {}).map(([name, inner]) =>
    node(inner, schemas, { name, required: schema.required?.includes(name) ?? false, above }),
  );
  const more = schema.additionalProperties;
  // `{}` allows everything and so has nothing to tell.
  if (typeof more === "object" && Object.keys(more).length > 0) {
    fields.push(node(more, schemas, { name: "*", required: false, above }));
  }
  return fields;
}

function choicesOf({ schema }: Plain, schemas: Schemas, above: readonly string[]): Node[] {
  return (schema.oneOf ?? []).map((one) => node(one, schemas, { name: undefined, required: true, above }));
}

function typeOf(found: Plain, schemas: Schemas, item: Node | null): string {
  const kind = kindOf(found);
  if (kind === "array") {
    const inner =
      item?.type ?? (found.schema.items ? typeOf(plain(found.schema.items, schemas), schemas, null) : "any");
    return `array<${inner}>`;
  }
  // A name tells more than "object"; of a text it tells less.
  if (found.name && (kind === "object" || found.schema.oneOf)) return found.name;
  if (found.schema.oneOf) return "one of";
  return kind ?? "any";
}

function limitsOf(schema: Plain["schema"]): Limit[] {
  const limits: Limit[] = [];
  const add = (kind: Limit["kind"], value: unknown) => {
    if (value === undefined || value === false) return;
    const values = Array.isArray(value) ? value : [value];
    limits.push({ kind, value: values.map((one) => (typeof one === "string" ? one : JSON.stringify(one))) });
  };
  add("format", schema.format);
  add("enum", schema.enum);
  add("const", schema.const);
  if (typeof schema.exclusiveMinimum === "number") add("above", schema.exclusiveMinimum);
  else add(schema.exclusiveMinimum ? "above" : "minimum", schema.minimum);
  if (typeof schema.exclusiveMaximum === "number") add("below", schema.exclusiveMaximum);
  else add(schema.exclusiveMaximum ? "below" : "maximum", schema.maximum);
  add("multiple_of", schema.multipleOf);
  add("min_length", schema.minLength);
  add("max_length", schema.maxLength);
  add("min_items", schema.minItems);
  add("max_items", schema.maxItems);
  add("unique", schema.uniqueItems);
  add("pattern", schema.pattern);
  add("default", schema.default);
  if (schema.additionalProperties === false) add("closed", true);
  return limits;
}
