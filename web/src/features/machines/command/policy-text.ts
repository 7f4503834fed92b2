// What can be offered from the text of a policy: the names of its roots. The machine alone judges by it.

const ROOT = /^[ \t]*\[\s*roots\s*\.\s*(?:"([^"\n]+)"|([\w-]+))\s*\]/gm;

export function rootsOf(policy: string | null | undefined): string[] {
  const names = [...(policy ?? "").matchAll(ROOT)].map(([, quoted, bare]) => quoted ?? bare ?? "");
  return [...new Set(names)].filter(Boolean);
}
