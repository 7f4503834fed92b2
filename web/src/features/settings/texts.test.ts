// Every setting that the configuration file may hold has a name in both languages, and its purpose in Arabic.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import ar from "@/i18n/ar/setting-texts.json";
import en from "@/i18n/en/setting-texts.json";
import type { Schema } from "./model/schema";

interface Text {
  name: string;
  about?: string;
  choices?: Record<string, string>;
}

const file = new URL("../../../../docs/settings/schema.json", import.meta.url);
const schema = JSON.parse(readFileSync(file, "utf8")) as Schema;
const english: Record<string, Text> = en.setting_texts;
const arabic: Record<string, Text> = ar.setting_texts;

/** The sections, their settings and the fields within those, by their paths. */
function places({ properties, items }: Schema, path = ""): [string, Schema][] {
  const below = Object.entries(properties ?? items?.properties ?? {});
  return below.flatMap(([name, one]) => {
    const at = path ? `${path}.${name}` : name;
    return [[at, one] as [string, Schema], ...places(one, at)];
  });
}

const all = places(schema);

describe("the texts of the settings", () => {
  it("name everything that can be set, in both languages, and nothing else", () => {
    const paths = all.map(([path]) => path).sort();
    expect(paths.length).toBeGreaterThan(50);
    expect(Object.keys(english).sort()).toEqual(paths);
    expect(Object.keys(arabic).sort()).toEqual(paths);
  });

  it("say in Arabic what it is for", () => {
    for (const [path] of all) {
      expect(arabic[path]?.name, path).toMatch(/[\u0600-\u06ff]/);
      expect(arabic[path]?.about, path).toMatch(/[\u0600-\u06ff]/);
    }
  });

  it("name every choice", () => {
    for (const [path, one] of all) {
      const choices = (one.enum ?? []).filter((choice) => choice !== null).map(String);
      for (const texts of [english, arabic]) {
        expect(Object.keys(texts[path]?.choices ?? {}).sort(), path).toEqual([...choices].sort());
      }
    }
  });
});
