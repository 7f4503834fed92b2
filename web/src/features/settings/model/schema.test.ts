import { describe, expect, it } from "vitest";
import { emptyOf, fieldsOf, flawsOf, kindOf, type Schema } from "./schema";

const provider: Schema = {
  type: "object",
  required: ["id", "issuer"],
  properties: {
    auto_create: { type: "boolean", default: false },
    client_secret: { type: "string", format: "secret", default: "" },
    id: { type: "string", minLength: 1 },
    issuer: { type: "string" },
    scopes: { type: "array", items: { type: "string" }, default: ["openid"] },
    ca_file: { type: ["string", "null"] },
  },
};
const providers: Schema = { type: "array", items: provider };
const found = (schema: Schema, value: unknown) =>
  flawsOf(schema, value, "at").map(({ path, code }) => `${path} ${code}`);

describe("a schema", () => {
  it("is known by its control", () => {
    expect(kindOf({ type: "string", format: "secret" })).toBe("secret");
    expect(kindOf({ type: ["string", "null"], format: "password" })).toBe("early_secret");
    expect(kindOf({ type: "string", enum: ["a", "b"] })).toBe("choice");
    expect(kindOf({ type: ["object", "null"], properties: {} })).toBe("map");
    expect(kindOf({ type: ["integer", "null"] })).toBe("number");
    expect(kindOf({ type: "object", additionalProperties: {} } as Schema)).toBe("other");
    expect(kindOf(providers)).toBe("list");
  });

  it("lists what must be given first, then the short fields before the long", () => {
    expect(fieldsOf(provider).map(([name]) => name)).toEqual([
      "id",
      "issuer",
      "client_secret",
      "ca_file",
      "auto_create",
      "scopes",
    ]);
  });

  it("says what a new entry begins as, without what need not be there", () => {
    expect(emptyOf(provider)).toEqual({
      id: "",
      issuer: "",
      client_secret: "",
      auto_create: false,
      scopes: ["openid"],
    });
  });
});

describe("a value", () => {
  it("is told to be out of bounds, and by how much", () => {
    const port: Schema = { type: "integer", minimum: 0, maximum: 65_535 };
    expect(flawsOf(port, 99_999, "mail.port")).toEqual([
      { path: "mail.port", code: "range", values: { least: 0, most: 65_535 } },
    ]);
    expect(found(port, 25)).toEqual([]);
    expect(found(port, "")).toEqual(["at required"]);
    expect(found(port, "12a")).toEqual(["at range"]);
    expect(found({ type: "integer", minimum: 1 }, 0)).toEqual(["at at_least"]);
  });

  it("is judged at the field that is wrong, however deep", () => {
    expect(
      found(providers, [
        { id: "a", issuer: "https://a" },
        { id: "", issuer: "https://b", scopes: "x" },
      ]),
    ).toEqual(["at[1].id required"]);
    expect(found(providers, [{ id: "a", client_secret: "vault:No Name" }])).toEqual([
      "at[0].issuer required",
      "at[0].client_secret reference",
    ]);
  });

  it("may be left out only where it may be null", () => {
    expect(found({ type: ["string", "null"] }, null)).toEqual([]);
    expect(found({ type: "string" }, null)).toEqual(["at required"]);
  });

  it("counts letters as people do", () => {
    expect(found({ type: "string", maxLength: 2 }, "🙂🙂")).toEqual([]);
    expect(found({ type: "string", maxLength: 2 }, "🙂🙂🙂")).toEqual(["at too_long"]);
  });
});
