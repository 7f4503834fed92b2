// The words of these screens come with them, and so does what the settings are called. What they are for is told in
// English by the server; in Arabic it stands beside the names.
import { useTranslation } from "react-i18next";
import { wordsOnDemand } from "@/i18n/on-demand";
import { withoutPlaces } from "./model/faults";

interface SettingText {
  name: string;
  about?: string;
  choices?: Record<string, string>;
}

const useWords = wordsOnDemand("translation", {
  en: () => import("@/i18n/en/settings.json"),
  ar: () => import("@/i18n/ar/settings.json"),
});
const useTexts = wordsOnDemand("setting_texts", {
  en: () => import("@/i18n/en/setting-texts.json").then((file) => ({ default: file.setting_texts })),
  ar: () => import("@/i18n/ar/setting-texts.json").then((file) => ({ default: file.setting_texts })),
});

export function useSettingsWords() {
  useWords();
  useTexts();
}

/** What a section, a setting or a field within one is called: `mail`, `mail.host`, `oidc.providers[0].issuer`. */
export function useSettingTexts() {
  const { i18n } = useTranslation();
  const of = (path: string): SettingText | undefined =>
    i18n.getResource(i18n.language, "setting_texts", withoutPlaces(path), { keySeparator: false });
  return {
    name: (path: string) => of(path)?.name ?? spelled(path.split(".").at(-1) ?? path),
    about: (path: string, english = "") => of(path)?.about ?? english,
    choice: (path: string, value: unknown) => of(path)?.choices?.[String(value)] ?? String(value),
  };
}

/** A key that nobody named yet. */
function spelled(key: string): string {
  const words = key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
