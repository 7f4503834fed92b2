// An example value for a schema: what the document gives, otherwise something that the schema accepts.
import { textFor } from "./pattern";
import { kindOf, type Plain, plain, type Schema, type Schemas } from "./schema";

export interface Wanted {
  /** What is sent leaves out what only the server sets; what comes back leaves out what is only ever sent. */
  side: "request" | "response";
  /** Only what must be there; everything where nothing must. */
  least?: boolean;
}

export function exampleOf(schema: Schema, schemas: Schemas, wanted: Wanted): unknown {
  return value(schema, schemas, wanted, { name: "", above: [] });
}

interface Place {
  /** The name of the field, which often says what would look right there. */
  name: string;
  above: readonly string[];
}

function value(schema: Schema, schemas: Schemas, wanted: Wanted, place: Place): unknown {
  const found = plain(schema, schemas);
  const given = found.schema.example ?? found.schema.examples?.[0] ?? found.schema.const ?? found.schema.default;
  if (given !== undefined) return given;
  if (found.schema.enum?.length) return found.schema.enum[0];
  if (found.followed.some((name) => place.above.includes(name))) return found.nullable ? null : {};
  const here = { name: place.name, above: [...place.above, ...found.followed] };
  const [choice] = found.schema.oneOf ?? [];
  if (choice) return withFields(value(choice, schemas, wanted, here), found, schemas, wanted, here);
  switch (kindOf(found)?.split(" | ")[0]) {
    case "object":
      return object(found, schemas, wanted, here);
    case "array":
      return list(found, schemas, wanted, here);
    case "string":
      return text(found.schema, place.name);
    case "integer":
    case "number":
      return number(found);
    case "boolean":
      return true;
    case undefined:
      return found.nullable ? null : {};
    default:
      return null;
  }
}

/** Fields beside a choice belong to every choice. */
function withFields(chosen: unknown, found: Plain, schemas: Schemas, wanted: Wanted, place: Place): unknown {
  if (!found.schema.properties || typeof chosen !== "object" || chosen === null) return chosen;
  return { ...object(found, schemas, wanted, place), ...chosen };
}

function object({ schema }: Plain, schemas: Schemas, wanted: Wanted, { above }: Place): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const all = Object.entries(schema.properties ?? {});
  const must = all.filter(([name]) => schema.required?.includes(name));
  for (const [name, inner] of wanted.least && must.length > 0 ? must : all) {
    const { schema: own, followed, nullable } = plain(inner, schemas);
    if (wanted.side === "request" ? own.readOnly : own.writeOnly) continue;
    const within = followed.some((one) => above.includes(one));
    // A thing within itself ends where it may.
    if (within && !schema.required?.includes(name)) continue;
    result[name] = within && nullable ? null : value(inner, schemas, wanted, { name, above });
  }
  const more = schema.additionalProperties;
  if (all.length === 0 && typeof more === "object" && Object.keys(more).length > 0) {
    result.key = value(more, schemas, wanted, { name: "key", above });
  }
  return result;
}

function list({ schema }: Plain, schemas: Schemas, wanted: Wanted, place: Place): unknown[] {
  if (!schema.items || schema.maxItems === 0) return [];
  const { followed } = plain(schema.items, schemas);
  if (followed.some((name) => place.above.includes(name))) return [];
  const item = value(schema.items, schemas, wanted, { name: singular(place.name), above: place.above });
  return Array.from({ length: Math.max(schema.minItems ?? 1, 1) }, () => item);
}

function singular(name: string): string {
  return name.replace(/(ss)es$/, "$1").replace(/([^s])s$/, "$1");
}

const formats: Record<string, string> = {
  "date-time": "2026-01-31T09:30:00Z",
  date: "2026-01-31",
  time: "09:30:00Z",
  duration: "PT15M",
  email: "amina@example.com",
  hostname: "diwan.example.com",
  ipv4: "203.0.113.7",
  ipv6: "2001:db8::7",
  uri: "https://example.com/",
  url: "https://example.com/",
  "uri-reference": "/people",
  uuid: "019c1f6a-4b7e-7d3a-9c52-8f1e0a6b2d47",
  password: "a long and quiet river of words",
  byte: "ZGl3YW4=",
  binary: "",
};

const byName: [RegExp, string][] = [
  [/cursor$/, "WyIyMDI2LTAxLTMxIl0"],
  [/(^|_)email$/, "amina@example.com"],
  [/time_zone$/, "Europe/Berlin"],
  [/(^|_)(ip|address)$/, "203.0.113.7"],
  [/user_agent$/, "diwan-cli/0.1.0"],
  [/_at$/, "2026-01-31T09:30:00Z"],
  [/(^|_)ur[il]$/, "https://example.com/"],
  [/password$/, "a long and quiet river of words"],
  [/^(provider)$/, "example"],
  [/^(code)$/, "123456"],
  [/(^|_)name$/, "Amina"],
];

function text(schema: Plain["schema"], name: string): string {
  const byPattern = schema.pattern ? textFor(schema.pattern) : null;
  if (byPattern !== null && fits(byPattern, schema)) return byPattern;
  const known = schema.format ? formats[schema.format] : undefined;
  const meant = known ?? byName.find(([pattern]) => pattern.test(name))?.[1] ?? "string";
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  return [...meant.padEnd(minLength, "x")].slice(0, maxLength).join("");
}

function fits(text: string, { minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Plain["schema"]): boolean {
  return text.length >= minLength && text.length <= maxLength;
}

function number({ schema, type }: Plain): number {
  const step = schema.multipleOf ?? (type === "integer" ? 1 : 0);
  const above = typeof schema.exclusiveMinimum === "number" ? schema.exclusiveMinimum : undefined;
  const strict = above !== undefined || schema.exclusiveMinimum === true;
  const lowest = above ?? schema.minimum;
  const highest = typeof schema.exclusiveMaximum === "number" ? schema.exclusiveMaximum : schema.maximum;
  let result = lowest ?? (highest !== undefined && highest < 1 ? highest : 1);
  if (step > 0) result = Math.ceil(result / step) * step;
  if (strict && result === lowest) result += step || 1;
  if (lowest === 0 && !strict && (highest === undefined || highest >= (step || 1))) result = step || 1;
  return result;
}
