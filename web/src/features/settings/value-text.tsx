import { useTranslation } from "react-i18next";
import { isDeepValue, written } from "./model/lines";
import { DOTS } from "./model/schema";
import { useSettingTexts } from "./words";

/** A value in a line: what is set as it would be typed, what is not set in words. */
export function ValueText({ value, path }: { value: unknown; path: string }) {
  const { t } = useTranslation();
  const texts = useSettingTexts();
  if (value == null || value === "") return t("settings.not_set");
  if (Array.isArray(value) && value.length === 0) return t("settings.none");
  if (typeof value === "boolean") return t(value ? "settings.yes" : "settings.no");
  if (value === DOTS) return t("settings.secret.hidden");
  const choice = typeof value === "string" ? texts.choice(path, value) : undefined;
  if (choice !== undefined && choice !== value) return choice;
  if (Array.isArray(value) && value.some(isDeepValue)) return t("settings.entries", { count: value.length });
  const text = Array.isArray(value) ? value.map(written).join(", ") : written(value);
  return (
    <bdi dir="ltr" className="font-mono wrap-anywhere">
      {text}
    </bdi>
  );
}
