// What is to become of each secret that somebody brings: known before anything is sent, and told without its value.
import type { Secret, SecretKind } from "@/api/types";
import { secretName } from "@/ui/form";
import type { Brought } from "./read";

export type Unfit = "name" | "twice" | "empty" | "long" | "form" | "there" | "not_yours";

export interface Row {
  name: string;
  kind: SecretKind;
  value: string;
  becomes: "new" | "replaced" | Unfit;
}

interface Choices {
  /** What the names begin with. */
  under: string;
  /** What those are that do not say it. */
  kind: SecretKind;
  replace: boolean;
  known: Pick<Secret, "name" | "kind" | "may">[];
}

const LONGEST_NAME = 128;
const LONGEST_VALUE = 64 * 1024;

export function planOf(brought: Brought[], { under, kind, replace, known }: Choices): Row[] {
  const there = new Map(known.map((secret) => [secret.name, secret]));
  const branch = under && `${under.replace(/\/+$/, "")}/`;
  const named = brought.map((one) => ({ ...one, name: branch + one.name }));
  const last = new Map(named.map(({ name }, at) => [name, at]));
  return named.map(({ name, value, kind: own }, at) => {
    const before = there.get(name);
    // What is there already stays what it is.
    const is = before?.kind ?? own ?? kind;
    return { name, kind: is, value, becomes: wrong() ?? (before ? "replaced" : "new") };

    function wrong(): Unfit | undefined {
      if (secretName(name) || name !== name.trim() || name.length > LONGEST_NAME) return "name";
      if (last.get(name) !== at) return "twice";
      if (before && !replace) return "there";
      if (before && !before.may.includes("write")) return "not_yours";
      return unfit(is, value);
    }
  });
}

/** What can be seen here of the form of a value; the server looks at all of it. */
function unfit(kind: SecretKind, value: string): Unfit | undefined {
  if (value === "") return "empty";
  if (new TextEncoder().encode(value).length > LONGEST_VALUE) return "long";
  if (kind === "api_key" && !/^[\x21-\x7e]{8,}$/.test(value)) return "form";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (kind === "password" && /[\x00-\x1f\x7f]/.test(value)) return "form";
  return undefined;
}

/** Rows that are sent. */
export function isTaken(row: Row): boolean {
  return row.becomes === "new" || row.becomes === "replaced";
}

const MOST_AT_ONCE = 500;
/** What a request may be long, with room for what JSON adds. */
const LONGEST_REQUEST = 200 * 1024;

/** The rows in as few requests as the server takes. */
export function parcels(rows: Row[]): Row[][] {
  const all: Row[][] = [];
  let length = 0;
  for (const row of rows) {
    const own = new TextEncoder().encode(JSON.stringify([row.name, row.kind, row.value])).length + 32;
    const open = all.at(-1);
    if (open && open.length < MOST_AT_ONCE && length + own <= LONGEST_REQUEST) {
      open.push(row);
      length += own;
    } else {
      all.push([row]);
      length = own;
    }
  }
  return all;
}
