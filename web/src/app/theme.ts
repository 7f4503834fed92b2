// Applies a theme at once; /theme.js does the same before the first paint of the next visit.
import type { Theme } from "@/api/types";
import { recall, remember } from "./storage";

export const themes: Theme[] = ["system", "light", "dark", "brand"];

const chromeColor = { light: "#f7f7f5", dark: "#0c0d11", brand: "#0b1140" };
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

export function applyTheme(theme: Theme) {
  remember("theme", theme);
  const shown = theme === "system" ? (prefersDark.matches ? "dark" : "light") : theme;
  document.documentElement.dataset.theme = shown;
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", chromeColor[shown]);
}

export function chosenTheme(): Theme {
  const kept = recall("theme");
  return themes.find((theme) => theme === kept) ?? "system";
}

prefersDark.addEventListener("change", () => {
  if (chosenTheme() === "system") applyTheme("system");
});
