import { describe, expect, it } from "vitest";
import { isTaken, parcels, planOf, type Row } from "./plan";

const brought = (name: string, value = "a value") => ({ name, value, kind: undefined });
const known = (name: string, may: ("read" | "write")[] = ["write"]) => ({ name, kind: "api_key" as const, may });
const choices = { under: "", kind: "free" as const, replace: false, known: [] };
const becomes = (rows: Row[]) => rows.map((row) => [row.name, row.becomes]);

describe("what becomes of what is brought", () => {
  it("is told before anything is sent", () => {
    const rows = planOf([brought("Git Token"), brought("a", "1"), brought("b", ""), brought("a", "2")], choices);
    expect(becomes(rows)).toEqual([
      ["Git Token", "name"],
      ["a", "twice"],
      ["b", "empty"],
      ["a", "new"],
    ]);
    expect(rows.filter(isTaken).map(({ value }) => value)).toEqual(["2"]);
  });

  it("depends on what is there already", () => {
    const there = [known("ci/mine"), known("ci/theirs", ["read"])];
    const all = [brought("mine", "12345678"), brought("theirs", "12345678")];
    expect(becomes(planOf(all, { ...choices, under: "ci/", known: there }))).toEqual([
      ["ci/mine", "there"],
      ["ci/theirs", "there"],
    ]);
    expect(becomes(planOf(all, { ...choices, under: "ci", replace: true, known: there }))).toEqual([
      ["ci/mine", "replaced"],
      ["ci/theirs", "not_yours"],
    ]);
    // What is there stays what it is, and a new value has to have its form.
    const [row] = planOf([brought("ci/mine", "short")], { ...choices, replace: true, known: there });
    expect([row?.kind, row?.becomes]).toEqual(["api_key", "form"]);
  });

  it("looks at the form of a value as far as it can be seen here", () => {
    const kinds = (kind: "password" | "free", value: string) => planOf([brought("a", value)], { ...choices, kind })[0];
    expect(kinds("password", "two\nlines")?.becomes).toBe("form");
    expect(kinds("free", "two\nlines")?.becomes).toBe("new");
    expect(kinds("free", "x".repeat(64 * 1024 + 1))?.becomes).toBe("long");
  });
});

describe("parcels", () => {
  const row = (name: string, length: number): Row => ({
    name,
    kind: "free",
    value: "é".repeat(length),
    becomes: "new",
  });

  it("hold no more than a request may", () => {
    const many = Array.from({ length: 1201 }, (_, at) => row(`s${at}`, 1));
    expect(parcels(many).map((parcel) => parcel.length)).toEqual([500, 500, 201]);
    const large = Array.from({ length: 5 }, (_, at) => row(`s${at}`, 32 * 1024));
    expect(parcels(large).map((parcel) => parcel.length)).toEqual([3, 2]);
    expect(parcels([])).toEqual([]);
  });
});
