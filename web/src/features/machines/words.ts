// The words of these screens come with them, beside those that are there already.
import { wordsOnDemand } from "@/i18n/on-demand";

export const useMachineWords = wordsOnDemand("translation", {
  en: () => import("@/i18n/en/machines.json"),
  ar: () => import("@/i18n/ar/machines.json"),
});
