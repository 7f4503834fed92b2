// The texts of the dashboard, so that tests name what a person sees without copying it.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../../web/src/i18n/", import.meta.url));

/** `words("en")("sign_in.title")` */
export function words(language) {
  const texts = {};
  for (const name of readdirSync(`${folder}${language}`).filter((file) => file.endsWith(".json"))) {
    Object.assign(texts, JSON.parse(readFileSync(`${folder}${language}/${name}`, "utf8")));
  }
  return (key, values = {}) => {
    const text = key.split(".").reduce((inner, part) => inner?.[part], texts);
    if (typeof text !== "string") throw new Error(`the dashboard has no text ${key}`);
    return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name) => values[name]);
  };
}

export const en = words("en");
export const ar = words("ar");
