// The words of these screens come with them; those of commands too, since a job does what a command does.
import { wordsOnDemand } from "@/i18n/on-demand";

export const useJobWords = wordsOnDemand("translation", {
  en: () => both(import("@/i18n/en/machines.json"), import("@/i18n/en/jobs.json")),
  ar: () => both(import("@/i18n/ar/machines.json"), import("@/i18n/ar/jobs.json")),
});

async function both(one: Promise<{ default: object }>, other: Promise<{ default: object }>) {
  const [first, second] = await Promise.all([one, other]);
  return { default: { ...first.default, ...second.default } };
}
