import { describe, expect, it } from "vitest";
import ar from "./ar";
import arDocs from "./ar/docs.json";
import arJobs from "./ar/jobs.json";
import arMachines from "./ar/machines.json";
import arSettings from "./ar/settings.json";
import arVault from "./ar/vault.json";
import en from "./en";
import enDocs from "./en/docs.json";
import enJobs from "./en/jobs.json";
import enMachines from "./en/machines.json";
import enSettings from "./en/settings.json";
import enVault from "./en/vault.json";

const pluralForms = {
  en: ["one", "other"],
  ar: ["zero", "one", "two", "few", "many", "other"],
};
const ending = /_(zero|one|two|few|many|other)$/;

function flatten(words: object, prefix = ""): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(words)) {
    const path = `${prefix}${key}`;
    if (typeof value === "string") flat.set(path, value);
    else for (const [inner, text] of flatten(value, `${path}.`)) flat.set(inner, text);
  }
  return flat;
}

const english = flatten({ ...en, ...enDocs, ...enJobs, ...enMachines, ...enSettings, ...enVault });
const arabic = flatten({ ...ar, ...arDocs, ...arJobs, ...arMachines, ...arSettings, ...arVault });
const bare = (words: Map<string, string>) => new Set([...words.keys()].map((key) => key.replace(ending, "")));
const plurals = [...english.keys()].filter((key) => key.endsWith("_other")).map((key) => key.replace(ending, ""));

describe("the words", () => {
  it("have the same keys in both languages", () => {
    expect([...bare(arabic)].sort()).toEqual([...bare(english)].sort());
  });

  it("are never empty", () => {
    for (const [key, text] of [...english, ...arabic]) expect(text.trim(), key).not.toBe("");
  });

  it.each(plurals)("%s has every plural form of both languages", (key) => {
    for (const form of pluralForms.en) expect(english.has(`${key}_${form}`), `en ${form}`).toBe(true);
    for (const form of pluralForms.ar) expect(arabic.has(`${key}_${form}`), `ar ${form}`).toBe(true);
  });

  it("use the same placeholders in both languages", () => {
    const holders = (text: string) =>
      [...text.matchAll(/{{(\w+)}}/g)].map(([, name]) => name).filter((name) => name !== "count");
    for (const [key, text] of english) {
      const other = arabic.get(key);
      if (other) expect(holders(other).sort(), key).toEqual(holders(text).sort());
    }
  });

  it("in Arabic are written in Arabic", () => {
    for (const [key, text] of arabic) expect(text, key).toMatch(/[\u0600-\u06ff]/);
  });
});
