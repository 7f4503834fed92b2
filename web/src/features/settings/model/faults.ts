// What is wrong with the pending edits: found here at once, and by the server a moment later.
import type { SettingFault } from "@/api/types";
import type { Flaw } from "./schema";

/** What only the server can find, and is common enough to be told in every language. */
type Told = "network" | "mail_address" | "shut_out" | "no_secret" | "early" | "locked";

/** A fault at one field. Without a code the server's own sentence stands. */
export interface Complaint {
  path: string;
  code?: Flaw["code"] | "text" | "boolean" | "list" | "map" | "unknown" | "dots" | Told;
  values?: Flaw["values"];
  reason: string;
  nearest: string | null;
}

const known: [RegExp, Complaint["code"]][] = [
  [/^it must be a whole number from (?<least>-?\d+) to (?<most>\d+)$/, "range"],
  [/^it must be a whole number, (?<least>-?\d+) or more$/, "at_least"],
  [/^it must be a whole number$/, "whole_number"],
  [/^it must be true or false$/, "boolean"],
  [/^it must be a text\b/, "text"],
  [/^it must not be empty$/, "required"],
  [/^it must not be longer than (?<most>\d+) characters$/, "too_long"],
  [/^it must not have more than (?<most>\d+) entries$/, "too_many"],
  [/^it must be a list$/, "list"],
  [/^it must have keys below it$/, "map"],
  [/^it is not a setting$/, "unknown"],
  [/^it must be an address or a network\b/, "network"],
  [/^it must be an address like \S+@/, "mail_address"],
  [/^it would shut you out\b/, "shut_out"],
  [/^vault:\S+: There is no such secret/, "no_secret"],
  [/^it is needed before the vault is open/, "early"],
  [/^it is set by .* and can only be changed there$/, "locked"],
  [/^these dots only stand for a secret/, "dots"],
  [/^after `vault:` stands the name/, "reference"],
];

/** A fault of the server, with the reasons that every language has words for recognised. */
export function complaintOf({ key, reason, nearest, kind }: SettingFault): Complaint {
  const lacking = /^it lacks `(.+)`$/.exec(reason)?.[1];
  if (lacking) return { path: `${key}.${lacking}`, code: "required", reason, nearest };
  if (kind === "unknown") return { path: key, code: "unknown", reason, nearest };
  for (const [pattern, code] of known) {
    const found = pattern.exec(reason);
    if (!found) continue;
    const { least, most } = found.groups ?? {};
    const values = { least: least ? Number(least) : undefined, most: most ? Number(most) : undefined };
    return { path: key, ...(code ? { code } : {}), values, reason, nearest };
  }
  return { path: key, reason, nearest };
}

/** `oidc.providers[0].issuer` belongs to `oidc.providers`. */
export function settingOf(path: string): string {
  return /^[^.[]*\.[^.[]*/.exec(path)?.[0] ?? path;
}

/** The same place whichever entry of a list is meant: `oidc.providers.issuer`. */
export function withoutPlaces(path: string): string {
  return path.replaceAll(/\[\d+\]/g, "");
}
