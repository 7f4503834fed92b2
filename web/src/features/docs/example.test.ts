import { describe, expect, it } from "vitest";
import { exampleOf } from "./example";
import { textFor } from "./pattern";
import type { Schema, Schemas } from "./schema";

const response = (schema: Schema, schemas: Schemas = {}) => exampleOf(schema, schemas, { side: "response" });
const request = (schema: Schema, schemas: Schemas = {}) => exampleOf(schema, schemas, { side: "request" });

describe("an example", () => {
  it("takes what the document gives before it makes something up", () => {
    expect(response({ type: "string", example: "given", default: "other" })).toBe("given");
    expect(response({ type: "string", examples: ["first", "second"] })).toBe("first");
    expect(response({ const: 7 })).toBe(7);
    expect(response({ type: "integer", default: 50, minimum: 1 })).toBe(50);
    expect(response({ enum: ["owner", "viewer"] })).toBe("owner");
    expect(response({ enum: [null, "viewer"] })).toBe("viewer");
  });

  it("fits formats, lengths and patterns", () => {
    expect(response({ type: "string", format: "date-time" })).toBe("2026-01-31T09:30:00Z");
    expect(response({ type: "string", format: "email" })).toBe("amina@example.com");
    expect(response({ type: "string", minLength: 8 })).toHaveLength(8);
    expect(response({ type: "string", maxLength: 3 })).toBe("str");
    expect(response({ type: "string", pattern: "^usr_[0-7][0-9a-hjkmnp-tv-z]{25}$" })).toMatch(
      /^usr_[0-7][0-9a-hjkmnp-tv-z]{25}$/,
    );
  });

  it("keeps numbers within their limits", () => {
    expect(response({ type: "integer", minimum: 5 })).toBe(5);
    expect(response({ type: "integer", minimum: 0 })).toBe(1);
    expect(response({ type: "integer", minimum: 0, maximum: 0 })).toBe(0);
    expect(response({ type: "integer", maximum: -3 })).toBe(-3);
    expect(response({ type: "integer", exclusiveMinimum: 5 })).toBe(6);
    expect(response({ type: "integer", minimum: 7, multipleOf: 5 })).toBe(10);
    expect(response({ type: "number", maximum: 0.5 })).toBe(0.5);
  });

  it("uses the name of a field where its type says little", () => {
    expect(
      response({ type: "object", properties: { email: { type: "string" }, time_zone: { type: "string" } } }),
    ).toEqual({ email: "amina@example.com", time_zone: "Europe/Berlin" });
  });

  it("sends only what can be sent and shows only what comes back", () => {
    const schema: Schema = {
      type: "object",
      properties: {
        id: { type: "string", readOnly: true },
        secret: { type: "string", writeOnly: true },
        on: { type: "boolean" },
      },
    };
    expect(request(schema)).toEqual({ secret: "string", on: true });
    expect(response(schema)).toEqual({ id: "string", on: true });
  });

  it("can hold the least that is needed, and all where nothing is", () => {
    const properties = { name: { type: "string" }, note: { type: "string" } };
    const least = { side: "request", least: true } as const;
    expect(exampleOf({ type: "object", required: ["note"], properties }, {}, least)).toEqual({ note: "string" });
    expect(Object.keys(exampleOf({ type: "object", properties }, {}, least) as object)).toEqual(["name", "note"]);
  });

  it("chooses the first of several and reads 'this or null' as this", () => {
    expect(response({ oneOf: [{ type: "null" }, { type: "integer", minimum: 3 }] })).toBe(3);
    expect(
      response({ oneOf: [{ type: "object", properties: { a: { type: "boolean" } } }, { type: "string" }] }),
    ).toEqual({ a: true });
  });

  it("lays the parts of allOf together", () => {
    const schemas = { Base: { type: "object", properties: { id: { type: "string" } } } };
    const schema = { allOf: [{ $ref: "#/components/schemas/Base" }, { properties: { on: { type: "boolean" } } }] };
    expect(response(schema, schemas)).toEqual({ id: "string", on: true });
  });

  it("fills lists and open objects", () => {
    expect(response({ type: "array", items: { type: "boolean" }, minItems: 2 })).toEqual([true, true]);
    expect(response({ type: "array", items: { type: "boolean" }, maxItems: 0 })).toEqual([]);
    expect(response({ type: "object", additionalProperties: { type: "boolean" } })).toEqual({ key: true });
    expect(response({ type: "object", additionalProperties: {} })).toEqual({});
    expect(response({})).toEqual({});
  });

  it("ends where a schema stands within itself", () => {
    const ref = { $ref: "#/components/schemas/Folder" };
    const schemas: Schemas = {
      Folder: {
        type: "object",
        required: ["parent", "children", "twin"],
        properties: {
          parent: { oneOf: [ref, { type: "null" }] },
          children: { type: "array", items: ref },
          twin: ref,
          other: ref,
        },
      },
    };
    expect(response(ref, schemas)).toEqual({ parent: null, children: [], twin: {} });
  });
});

describe("a text for a pattern", () => {
  it.each([
    "^[!-~]+$",
    "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z][A-Za-z0-9_+-]*){0,2}$",
    "^\\d{6}$",
    "^(GET|POST)$",
    "^#[0-9a-f]{6}$",
    "^[^/]+\\.json$",
    "^v?\\w{2,}$",
  ])("%s is matched", (pattern) => {
    expect(textFor(pattern)).toMatch(new RegExp(pattern, "u"));
  });

  it.each(["^(?=a)b$", "(unfinished", "\\bword\\b", "[z-a]"])("%s is not guessed", (pattern) => {
    expect(textFor(pattern)).toBeNull();
  });
});
