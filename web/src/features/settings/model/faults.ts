// What is wrong with the pending edits: found here at once, and by the server a moment later.
import type { SettingFault } from "@/api/types";
import type { Flaw } from "./schema";

/** A fault at one field. The words for its code are `settings.flaw`; a code without words is told as the server did. */
export interface Complaint {
  path: string;
  code: string;
  /** What belongs in the sentence. */
  values: Record<string, string | number>;
  reason: string;
  nearest: string | null;
}

/** A fault that the server found. */
export function complaintOf({ key, code, params, reason, nearest }: SettingFault): Complaint {
  // What is missing is told where it would be.
  const path = code === "lacks" ? `${key}.${params.name}` : key;
  return { path, code, values: params, reason, nearest };
}

/** A fault that was found here. */
export function complaintAbout({ path, code, values = {} }: Flaw): Complaint {
  return { path, code, values, reason: "", nearest: null };
}

/** `oidc.providers[0].issuer` belongs to `oidc.providers`. */
export function settingOf(path: string): string {
  return /^[^.[]*\.[^.[]*/.exec(path)?.[0] ?? path;
}

/** The same place whichever entry of a list is meant: `oidc.providers.issuer`. */
export function withoutPlaces(path: string): string {
  return path.replaceAll(/\[\d+\]/g, "");
}
