// Theme and language: shown at once, then saved to the person's profile.
import { useCallback } from "react";
import { api, unwrap } from "@/api/client";
import type { Language, Theme } from "@/api/types";
import { setLanguage } from "@/i18n";
import { useUserChanged } from "./me";
import { applyTheme } from "./theme";

/** Saved even where the page is left at once. */
const keepalive = true;

export function usePreferences() {
  const changed = useUserChanged();
  const setTheme = useCallback(
    async (theme: Theme) => {
      applyTheme(theme);
      changed(await unwrap(api.PATCH("/me", { body: { theme }, keepalive })));
    },
    [changed],
  );
  const chooseLanguage = useCallback(
    async (language: Language) => {
      await setLanguage(language);
      changed(await unwrap(api.PATCH("/me", { body: { language }, keepalive })));
    },
    [changed],
  );
  return { setTheme, setLanguage: chooseLanguage };
}
