// The page against the document of this very repository: nothing in it may be left out or shown wrongly.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bodyOf, groupsOf, humanise, matching, type OpenApi, type Operation } from "./document";
import { exampleOf } from "./example";
import { addressOf, missingOf, sampleOf } from "./request";
import { plain, type Schema } from "./schema";
import { treeOf } from "./tree";

const file = fileURLToPath(new URL("../../../../crates/server/openapi.json", import.meta.url));
const api = JSON.parse(readFileSync(file, "utf8")) as OpenApi;
const schemas = api.components?.schemas ?? {};
const groups = groupsOf(api);
const operations = groups.flatMap((group) => group.operations);
const named = (id: string) => operations.find((operation) => operation.id === id) as Operation;
const nothing = { values: {}, body: "" };

/** What of a value does not keep to its schema. */
function faults(value: unknown, schema: Schema, at = "$"): string[] {
  const { schema: own, type, nullable } = plain(schema, schemas);
  if (value === null) return nullable || type === undefined ? [] : [`${at} is null`];
  if (own.oneOf) {
    const each = own.oneOf.map((one) => faults(value, one, at));
    return each.some((one) => one.length === 0) ? [] : (each[0] ?? []);
  }
  const wrong: string[] = [];
  if (own.enum && !own.enum.includes(value)) wrong.push(`${at} is none of ${own.enum}`);
  if (typeof value === "string") {
    if (type && type !== "string") wrong.push(`${at} is a string, not ${type}`);
    if (own.pattern && !new RegExp(own.pattern, "u").test(value)) wrong.push(`${at} does not match ${own.pattern}`);
    if (value.length < (own.minLength ?? 0)) wrong.push(`${at} is too short`);
    if (value.length > (own.maxLength ?? Number.POSITIVE_INFINITY)) wrong.push(`${at} is too long`);
  }
  if (typeof value === "number" && (value < (own.minimum ?? value) || value > (own.maximum ?? value))) {
    wrong.push(`${at} is out of range`);
  }
  if (Array.isArray(value)) {
    if (type !== "array") wrong.push(`${at} is a list, not ${type}`);
    for (const one of value) if (own.items) wrong.push(...faults(one, own.items, `${at}[]`));
  } else if (typeof value === "object") {
    for (const name of own.required ?? []) if (!(name in value)) wrong.push(`${at}.${name} is missing`);
    for (const [name, inner] of Object.entries(value)) {
      const field = own.properties?.[name];
      if (field) wrong.push(...faults(inner, field, `${at}.${name}`));
      else if (own.additionalProperties === false) wrong.push(`${at}.${name} is not known`);
    }
  }
  return wrong;
}

describe("the reference of this API", () => {
  it("shows every operation once, under an address of its own", () => {
    const known = Object.values(api.paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
    expect(operations.map(({ id }) => id).sort()).toEqual([...known].sort());
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
  });

  it("shows examples that keep to the schema, of every body and answer", () => {
    const wrong = operations.flatMap((operation) => {
      const found = [];
      const body = bodyOf(operation)?.schema;
      for (const least of [true, false]) {
        if (body) found.push(...faults(exampleOf(body, schemas, { side: "request", least }), body));
      }
      for (const answer of Object.values(operation.responses)) {
        for (const { schema } of Object.values(answer.content ?? {})) {
          if (schema) found.push(...faults(exampleOf(schema, schemas, { side: "response" }), schema));
        }
      }
      return found.map((fault) => `${operation.id}: ${fault}`);
    });
    expect(wrong).toEqual([]);
  });

  it("can draw every schema", () => {
    for (const [name, schema] of Object.entries(schemas)) expect(treeOf(schema, schemas).type, name).not.toBe("");
  });

  it("is found by path, name, permission and method, all words together", () => {
    const ids = (search: string) => matching(groups, search).flatMap((group) => group.operations.map(({ id }) => id));
    expect(ids("users {id} sessions")).toEqual(expect.arrayContaining(["list_user_sessions", "revoke_user_sessions"]));
    expect(ids("LIST_USERS")).toEqual(["list_users"]);
    expect(ids("audit.export")).toEqual(["export_audit_entries"]);
    expect(ids("delete /users")).toEqual(expect.arrayContaining(["delete_user"]));
    expect(ids("nothing-like-this")).toEqual([]);
    expect(ids("  ")).toHaveLength(operations.length);
  });
});

describe("a request", () => {
  it("carries what was filled in, encoded", () => {
    const filled = { values: { "path:id": "a/b c", "query:limit": "5" }, body: "" };
    expect(addressOf(named("list_user_sessions"), filled)).toMatch(/^\/api\/v1\/users\/a%2Fb%20c\/sessions/);
    expect(addressOf(named("list_users"), { values: { "query:search": "a&b" }, body: "" })).toBe(
      "/api/v1/users?search=a%26b",
    );
    expect(addressOf(named("get_user"), nothing)).toBe("/api/v1/users/{id}");
    expect(missingOf(named("get_user"), nothing).map(({ name }) => name)).toEqual(["id"]);
  });

  it("becomes code that a shell cannot misread", () => {
    const text = sampleOf(
      named("update_me"),
      { values: {}, body: `{"name":"O'Neil"}` },
      "https://diwan.example",
      "curl",
    );
    expect(text).toContain(`curl -X PATCH 'https://diwan.example/api/v1/me'`);
    expect(text).toContain(`-H "Authorization: Bearer $DIWAN_TOKEN"`);
    expect(text).toContain(`--data '{"name":"O'\\''Neil"}'`);
  });

  it("carries no token where none is needed", () => {
    for (const language of ["curl", "javascript", "python"] as const) {
      expect(sampleOf(named("get_setup"), nothing, "https://diwan.example", language)).not.toContain("DIWAN_TOKEN");
      expect(sampleOf(named("get_me"), nothing, "https://diwan.example", language)).toContain("DIWAN_TOKEN");
    }
  });

  it("to the live feed is a WebSocket", () => {
    expect(sampleOf(named("open_live"), nothing, "https://diwan.example", "javascript")).toContain(
      `new WebSocket("wss://diwan.example/api/v1/live")`,
    );
  });
});

it("names read like sentences", () => {
  expect(humanise("start_oidc_link")).toBe("Start OIDC link");
  expect(humanise("second-factor")).toBe("Second factor");
});
