// Loads one language at a time and keeps <html lang dir> in step with it.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { Language } from "@/api/types";
import { remember } from "@/app/storage";

const loaders = {
  en: () => import("./en"),
  ar: () => import("./ar"),
};

export function startI18n(language: Language) {
  return loaders[language]().then(({ default: words }) =>
    i18next.use(initReactI18next).init({
      lng: language,
      fallbackLng: language,
      supportedLngs: ["en", "ar"],
      resources: { [language]: { translation: words } },
      interpolation: { escapeValue: false },
      returnNull: false,
    }),
  );
}

export async function setLanguage(language: Language) {
  if (i18next.language !== language) {
    const { default: words } = await loaders[language]();
    i18next.addResourceBundle(language, "translation", words, true, true);
    await i18next.changeLanguage(language);
  }
  document.documentElement.lang = language;
  document.documentElement.dir = directionOf(language);
  remember("language", language);
}

export function directionOf(language: string): "ltr" | "rtl" {
  return language === "ar" ? "rtl" : "ltr";
}
