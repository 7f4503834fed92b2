// What a secret of the settings would be called in the vault, in the same way as the server proposes it:
// `mail/password`, `oidc/google/client-secret`.
import { isMap } from "./schema";

/** The entry of a list goes by its own name, where it has one, and the list itself is not named. */
export function proposedName(path: string, setting: unknown): string {
  const [section = "", key = "", ...rest] = path.split(/[.[\]]+/).filter(Boolean);
  const names = rest.length > 0 ? [section] : [section, key];
  let value = setting;
  for (const part of rest) {
    value = Array.isArray(value) ? value[Number(part)] : isMap(value) ? value[part] : undefined;
    names.push((isMap(value) && wordIn(value)) || part);
  }
  return names.map(plain).filter(Boolean).join("/");
}

function wordIn(map: Record<string, unknown>): string | undefined {
  return [map.id, map.name].find((one): one is string => typeof one === "string" && one !== "");
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "-")
    .replaceAll(/^-+|-+$/g, "");
}
