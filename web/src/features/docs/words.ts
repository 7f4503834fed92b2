// The words of the API reference are many and only needed there, so they come with that page.
import { wordsOnDemand } from "@/i18n/on-demand";

export const useDocsWords = wordsOnDemand("docs", {
  en: () => import("@/i18n/en/docs.json"),
  ar: () => import("@/i18n/ar/docs.json"),
});
