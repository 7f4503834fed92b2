// The words of the API reference are many and only needed there, so they come with that page.
import i18next from "i18next";
import { use } from "react";
import { useTranslation } from "react-i18next";
import type { Language } from "@/api/types";

const loaders: Record<Language, () => Promise<{ default: object }>> = {
  en: () => import("@/i18n/en/docs.json"),
  ar: () => import("@/i18n/ar/docs.json"),
};
const coming = new Map<string, Promise<void>>();

/** Waits for them in the language shown now. */
export function useDocsWords() {
  const { i18n } = useTranslation();
  const language: Language = i18n.language === "ar" ? "ar" : "en";
  const words = coming.get(language) ?? load(language);
  coming.set(language, words);
  use(words);
}

function load(language: Language): Promise<void> {
  return loaders[language]().then(
    ({ default: words }) => void i18next.addResourceBundle(language, "docs", words, true, true),
    (error: unknown) => {
      // The next attempt asks again.
      coming.delete(language);
      throw error;
    },
  );
}
