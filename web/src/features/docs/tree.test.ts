import { describe, expect, it } from "vitest";
import type { Schema, Schemas } from "./schema";
import { type Node, treeOf } from "./tree";

const limits = (node: Node) => Object.fromEntries(node.limits.map(({ kind, value }) => [kind, value.join(" ")]));
const tree = (schema: Schema, schemas: Schemas = {}) => treeOf(schema, schemas);

describe("a schema as a tree", () => {
  it("says of each field whether it must be there, and keeps their order", () => {
    const { type, fields } = tree({
      type: "object",
      required: ["name"],
      properties: { name: { type: "string", description: "Who." }, age: { type: ["integer", "null"] } },
    });
    expect(type).toBe("object");
    expect(fields.map(({ name, type, required, nullable }) => [name, type, required, nullable])).toEqual([
      ["name", "string", true, false],
      ["age", "integer", false, true],
    ]);
    expect(fields[0]?.description).toBe("Who.");
  });

  it("tells every limit", () => {
    expect(
      limits(tree({ type: "string", format: "email", minLength: 3, maxLength: 9, pattern: "^a", default: "" })),
    ).toEqual({ format: "email", min_length: "3", max_length: "9", pattern: "^a", default: "" });
    expect(limits(tree({ type: "integer", minimum: 0, exclusiveMaximum: 10, multipleOf: 5, default: 5 }))).toEqual({
      minimum: "0",
      below: "10",
      multiple_of: "5",
      default: "5",
    });
    expect(limits(tree({ type: "number", minimum: 1, exclusiveMinimum: true }))).toEqual({ above: "1" });
    expect(
      limits(tree({ type: "array", items: { type: "string", enum: ["a", "b"] }, maxItems: 2, uniqueItems: true })),
    ).toEqual({ max_items: "2", unique: "true", enum: "a b" });
    expect(limits(tree({ type: "object", additionalProperties: false }))).toEqual({ closed: "true" });
  });

  it("follows references and prefers what is said about the place", () => {
    const schemas = { Role: { type: "string", enum: ["owner", "viewer"], description: "A role." } };
    const { fields } = tree(
      { type: "object", properties: { role: { $ref: "#/components/schemas/Role", description: "What they are." } } },
      schemas,
    );
    expect(fields[0]).toMatchObject({ type: "string", description: "What they are." });
    expect(limits(fields[0] as Node)).toEqual({ enum: "owner viewer" });
  });

  it("reads 'this or null' as this, in every spelling", () => {
    const schemas = { Id: { type: "string", pattern: "^usr_" } };
    const ref = { $ref: "#/components/schemas/Id", description: "Whose." };
    for (const schema of [
      { oneOf: [ref, { type: "null" }] },
      { anyOf: [{ type: "null" }, ref] },
      { ...ref, nullable: true },
    ]) {
      expect(tree(schema, schemas)).toMatchObject({
        type: "string",
        nullable: true,
        description: "Whose.",
        choices: [],
      });
    }
    expect(tree({ enum: ["a", null] })).toMatchObject({ nullable: true, limits: [{ kind: "enum", value: ["a"] }] });
  });

  it("lays the parts of allOf together", () => {
    const schemas = { Base: { type: "object", required: ["id"], properties: { id: { type: "string" } } } };
    const merged = tree(
      {
        allOf: [
          { $ref: "#/components/schemas/Base" },
          { type: "object", required: ["name"], properties: { name: {} } },
        ],
      },
      schemas,
    );
    expect(merged.fields.map(({ name, type, required }) => [name, type, required])).toEqual([
      ["id", "string", true],
      ["name", "any", true],
    ]);
  });

  it("keeps choices apart", () => {
    const { type, choices } = tree({
      oneOf: [
        { type: "object", properties: { done: { type: "boolean" } } },
        { type: "object", properties: { challenge: { type: "string" } } },
      ],
    });
    expect(type).toBe("one of");
    expect(choices.map(({ fields }) => fields[0]?.name)).toEqual(["done", "challenge"]);
  });

  it("ends where a schema stands within itself", () => {
    const schemas: Schemas = {
      Folder: {
        type: "object",
        properties: {
          parent: { oneOf: [{ $ref: "#/components/schemas/Folder" }, { type: "null" }] },
          children: { type: "array", items: { $ref: "#/components/schemas/Folder" } },
        },
      },
      Echo: { $ref: "#/components/schemas/Echo" },
    };
    const root = tree({ $ref: "#/components/schemas/Folder" }, schemas);
    expect(root).toMatchObject({ type: "Folder", recursive: false });
    expect(root.fields[0]).toMatchObject({ type: "Folder", nullable: true, recursive: true, fields: [] });
    expect(root.fields[1]).toMatchObject({ type: "array<Folder>", recursive: true, fields: [] });
    expect(tree({ $ref: "#/components/schemas/Echo" }, schemas)).toMatchObject({ type: "any", fields: [] });
  });

  it("shows what the items of a list hold without a step in between", () => {
    const list = tree({ type: "array", items: { type: "object", properties: { id: { type: "string" } } } });
    expect(list.type).toBe("array<object>");
    expect(list.fields.map(({ name }) => name)).toEqual(["id"]);
  });

  it("shows the values of an open object under any key", () => {
    expect(tree({ type: "object", additionalProperties: { type: "integer" } }).fields).toMatchObject([
      { name: "*", type: "integer" },
    ]);
    expect(tree({ type: "object", additionalProperties: {} }).fields).toEqual([]);
  });
});
