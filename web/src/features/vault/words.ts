// The words of these screens come with them, beside those that are there already.
import { wordsOnDemand } from "@/i18n/on-demand";

export const useVaultWords = wordsOnDemand("translation", {
  en: () => import("@/i18n/en/vault.json"),
  ar: () => import("@/i18n/ar/vault.json"),
});
