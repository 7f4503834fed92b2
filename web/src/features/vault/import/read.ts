// Reads what somebody brings along: an environment file, or JSON. Values stay in the lines that are given back.
import type { SecretKind } from "@/api/types";
import { secretKinds } from "@/app/search";

export interface Brought {
  name: string;
  value: string;
  /** Where the file says what it is. */
  kind: SecretKind | undefined;
}

export type Fault =
  | { what: "no_assignment" | "no_end" | "no_name"; line: number }
  | { what: "json" | "shape" | "nothing" };

export type Read = { brought: Brought[] } | { fault: Fault };

export function readSecrets(text: string): Read {
  const clean = text.replace(/^\uFEFF/, "");
  const read = /^\s*[[{]/.test(clean) ? readJson(clean) : readEnvironment(clean);
  return "brought" in read && read.brought.length === 0 ? { fault: { what: "nothing" } } : read;
}

const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([^=\s]*)[ \t]*=/;
/** What may stand behind a value in quotes. */
const NOTHING_MORE = /^[ \t]*(?:#[^\n]*)?(?:\n|$)/;
const ESCAPED: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

/**
 * As docs/vault.md says: comments, `export`, quotes over several lines, `\n` between double quotes. The command line
 * reads the same (crates/diwan/src/cli/secret/environment_file.rs); both are tried on one table.
 */
function readEnvironment(text: string): Read {
  const brought: Brought[] = [];
  let rest = text.replaceAll("\r\n", "\n");
  let line = 1;
  const take = (length: number) => {
    line += rest.slice(0, length).split("\n").length - 1;
    rest = rest.slice(length);
  };
  while (rest) {
    const blank = NOTHING_MORE.exec(rest);
    if (blank) {
      take(blank[0].length);
      continue;
    }
    const assigned = ASSIGNMENT.exec(rest);
    if (!assigned) return { fault: { what: "no_assignment", line } };
    const [whole, name = ""] = assigned;
    if (!/^(?!_)\w+([.-]\w+)*$/.test(name)) return { fault: { what: "no_name", line } };
    const begun = line;
    take(whole.length);
    const value = /^[ \t]*["'`]/.test(rest) ? quoted(rest) : plain(rest);
    if (!value) return { fault: { what: "no_end", line: begun } };
    take(value.length);
    brought.push({ name: nameFrom(name), value: value.text, kind: undefined });
  }
  return { brought };
}

interface Value {
  text: string;
  /** How much of what follows belongs to it, its comment and the end of the line included. */
  length: number;
}

function plain(rest: string): Value {
  const [line = ""] = /^[^\n]*\n?/.exec(rest) ?? [];
  const text = line.replace(/\n$/, "").replace(/[ \t]#.*/s, "");
  return { text: text.replaceAll(/^[ \t]+|[ \t]+$/g, ""), length: line.length };
}

function quoted(rest: string): Value | null {
  const found = /^[ \t]*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|`([^`]*)`)/s.exec(rest);
  if (!found) return null;
  const [whole, double, single, back] = found;
  const after = NOTHING_MORE.exec(rest.slice(whole.length));
  // Quotes inside a word belong to the value.
  if (!after) return plain(rest);
  const text = double?.replace(/\\([nrt"\\$`])/g, (_, sign: string) => ESCAPED[sign] ?? sign) ?? single ?? back ?? "";
  return { text, length: whole.length + after[0].length };
}

/** A name as the vault writes it, and as the command line makes it: GITHUB_TOKEN is github-token. */
function nameFrom(text: string): string {
  return text.toLowerCase().replaceAll("_", "-");
}

function readJson(text: string): Read {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { fault: { what: "json" } };
  }
  const brought: Brought[] = [];
  const fits = Array.isArray(parsed) ? parsed.every((one) => takeEntry(one, brought)) : takeBranch(parsed, "", brought);
  return fits ? { brought } : { fault: { what: "shape" } };
}

/** One of `[{"name": …, "value": …, "kind": …}]`. */
function takeEntry(entry: unknown, into: Brought[]): boolean {
  if (!isObject(entry) || typeof entry.name !== "string" || typeof entry.value !== "string") return false;
  const kind = secretKinds.find((one) => one === String(entry.kind).replace("-", "_"));
  if (entry.kind !== undefined && !kind) return false;
  into.push({ name: entry.name, value: entry.value, kind });
  return true;
}

/** `{"git": {"token": …}}` is git/token; a branch with a text under `value` is a secret itself. */
function takeBranch(branch: unknown, under: string, into: Brought[]): boolean {
  if (!isObject(branch)) return false;
  return Object.entries(branch).every(([key, inner]) => {
    const name = under + (/^[A-Z0-9_]+$/.test(key) ? nameFrom(key) : key);
    if (typeof inner === "string") return into.push({ name, value: inner, kind: undefined }) > 0;
    if (!isObject(inner)) return false;
    if (typeof inner.value === "string") return takeEntry({ ...inner, name }, into);
    return takeBranch(inner, `${name}/`, into);
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
