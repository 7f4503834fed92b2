// Words that only some pages need come with those pages, so that the first page does not carry them.
import i18next from "i18next";
import { use } from "react";
import { useTranslation } from "react-i18next";
import type { Language } from "@/api/types";

type Loaders = Record<Language, () => Promise<{ default: object }>>;

/** A hook that waits for the words in the language shown now. */
export function wordsOnDemand(namespace: string, loaders: Loaders) {
  const coming = new Map<Language, Promise<void>>();
  const load = (language: Language) =>
    loaders[language]().then(
      ({ default: words }) => void i18next.addResourceBundle(language, namespace, words, true, true),
      (error: unknown) => {
        // The next attempt asks again.
        coming.delete(language);
        throw error;
      },
    );
  return () => {
    const { i18n } = useTranslation();
    const language: Language = i18n.language === "ar" ? "ar" : "en";
    const words = coming.get(language) ?? load(language);
    coming.set(language, words);
    use(words);
  };
}
