// What a schema comes to once its references are followed and its parts are laid together.

export interface Schema {
  $ref?: string;
  type?: string | string[];
  title?: string;
  description?: string;
  format?: string;
  pattern?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  example?: unknown;
  examples?: unknown[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number | boolean;
  exclusiveMaximum?: number | boolean;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  nullable?: boolean;
  readOnly?: boolean;
  writeOnly?: boolean;
  deprecated?: boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}

export type Schemas = Record<string, Schema>;

/** One schema without references on its own level: what is inside it may still hold some. */
export interface Plain {
  schema: Omit<Schema, "$ref" | "allOf" | "type" | "nullable">;
  type: string | undefined;
  nullable: boolean;
  /** The schema's name in the document, where it has one. */
  name: string | undefined;
  /** All references that were followed on the way here, so that a schema within itself is noticed. */
  followed: string[];
}

export function plain(schema: Schema, schemas: Schemas, above: readonly string[] = []): Plain {
  const { $ref, allOf, type, nullable, ...own } = schema;
  let result: Plain = { schema: {}, type: undefined, nullable: false, name: undefined, followed: [] };
  if ($ref) {
    const name = nameOf($ref);
    const target = schemas[name];
    // A reference that leads to itself says nothing more than its name.
    const inner = target && !above.includes(name) ? plain(target, schemas, [...above, name]) : result;
    result = { ...inner, name, followed: [name, ...inner.followed] };
  }
  for (const part of allOf ?? []) result = join(result, plain(part, schemas, above));
  const types = Array.isArray(type) ? type : type ? [type] : [];
  const kinds = types.filter((one) => one !== "null");
  const kind = kinds.length > 1 ? kinds.join(" | ") : kinds[0];
  result = join(result, {
    schema: own,
    type: kind,
    nullable: nullable === true || types.includes("null"),
    name: undefined,
    followed: [],
  });
  return withoutNull(result, schemas, above);
}

/** "This or null" is this, and may be null. */
function withoutNull(found: Plain, schemas: Schemas, above: readonly string[]): Plain {
  const choices = found.schema.oneOf ?? found.schema.anyOf;
  if (!choices) {
    const values = found.schema.enum;
    if (!values?.includes(null)) return found;
    return {
      ...found,
      nullable: true,
      schema: { ...found.schema, enum: values.filter((one) => one !== null) },
    };
  }
  const real = choices.filter((choice) => choice.type !== "null");
  const { oneOf: _, anyOf: __, ...rest } = found.schema;
  const nullable = found.nullable || real.length < choices.length;
  const [only] = real;
  if (only && real.length === 1) {
    const inner = plain(only, schemas, above);
    const joined = join(inner, { ...found, schema: rest });
    // What is said about the place counts more than what is said about the thing.
    return { ...joined, nullable: nullable || inner.nullable };
  }
  return { ...found, nullable, schema: { ...rest, oneOf: real } };
}

/** Both hold; where they speak of the same, the second counts. */
function join(first: Plain, second: Plain): Plain {
  const properties = { ...first.schema.properties, ...second.schema.properties };
  const required = [...new Set([...(first.schema.required ?? []), ...(second.schema.required ?? [])])];
  return {
    schema: {
      ...first.schema,
      ...second.schema,
      ...(Object.keys(properties).length > 0 ? { properties } : {}),
      ...(required.length > 0 ? { required } : {}),
    },
    type: second.type ?? first.type,
    nullable: first.nullable || second.nullable,
    name: second.name ?? first.name,
    followed: [...first.followed, ...second.followed],
  };
}

export function nameOf(ref: string): string {
  const last = ref.split("/").at(-1) ?? ref;
  return decodeURIComponent(last).replaceAll("~1", "/").replaceAll("~0", "~");
}

/** What kind of value it is, also where the schema does not say so itself. */
export function kindOf({ schema, type }: Plain): string | undefined {
  if (type) return type;
  if (schema.properties || schema.additionalProperties !== undefined) return "object";
  if (schema.items) return "array";
  const value = schema.const ?? schema.enum?.[0];
  return value === undefined || value === null ? undefined : typeof value;
}
