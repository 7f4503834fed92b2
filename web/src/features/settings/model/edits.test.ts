import { describe, expect, it } from "vitest";
import type { Item } from "../calls";
import { same, shownValue, withDefault, withEdit } from "./edits";

const item = (parts: Partial<Item>): Item => ({
  section: "mail",
  key: "port",
  description: "",
  schema: { type: "integer" },
  default: 0,
  value: 587,
  source: "file",
  line: 3,
  variable: "DIWAN_MAIL_PORT",
  is_locked: false,
  needs_restart: false,
  pending: false,
  ...parts,
});

describe("edits", () => {
  it("hold what differs from what is saved, and nothing else", () => {
    const edits = withEdit({}, item({}), 25);
    expect(edits).toEqual({ "mail.port": 25 });
    expect(withEdit(edits, item({}), 587)).toEqual({});
  });

  it("go back to the default by taking the key out, even where the file says what the default is", () => {
    expect(withDefault({}, item({ value: 0 }))).toEqual({ "mail.port": null });
    expect(withDefault({ "mail.port": 25 }, item({ value: 0, source: "default" }))).toEqual({});
    expect(shownValue(item({}), { "mail.port": null })).toBe(0);
  });

  it("compare contents, and take what is not there for null", () => {
    expect(same([{ a: 1, b: null }], [{ a: 1 }])).toBe(true);
    expect(same(["a", "b"], ["b", "a"])).toBe(false);
    expect(same({ a: [] }, { a: ["x"] })).toBe(false);
    expect(same(null, undefined)).toBe(true);
    expect(same("", null)).toBe(false);
  });
});
