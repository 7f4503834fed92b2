// Theme and language: both take effect at once and travel with the profile.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Language, Theme } from "@/api/types";
import { useMe } from "@/app/me";
import { usePreferences } from "@/app/preferences";
import { themes } from "@/app/theme";
import { Section } from "@/ui/page";
import { useProblemText } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { ThemePicture } from "./theme-picture";

const languages: [Language, string][] = [
  ["en", "English"],
  ["ar", "العربية"],
];

export function Appearance() {
  const { t } = useTranslation();
  const { user } = useMe();
  const { setTheme, setLanguage } = usePreferences();
  const text = useProblemText();
  const attempt = (work: Promise<unknown>) => void work.catch((error) => toast(text(error), "danger"));
  return (
    <Section title={t("profile.appearance.title")} lead={t("profile.appearance.lead")}>
      <Choices legend={t("profile.appearance.theme")} className="grid-cols-2 sm:grid-cols-4">
        {themes.map((theme: Theme) => (
          <Choice key={theme} group="theme" checked={user.theme === theme} onChoose={() => attempt(setTheme(theme))}>
            <ThemePicture theme={theme} />
            <span className="block px-3 py-2">{t(`theme.${theme}`)}</span>
          </Choice>
        ))}
      </Choices>
      <Choices legend={t("profile.appearance.language")} className="grid-cols-2">
        {languages.map(([language, label]) => (
          <Choice
            key={language}
            group="language"
            checked={user.language === language}
            onChoose={() => attempt(setLanguage(language))}
          >
            <span lang={language} className="block px-3 py-2.5">
              {label}
            </span>
          </Choice>
        ))}
      </Choices>
    </Section>
  );
}

function Choices({ legend, className, children }: { legend: string; className: string; children: ReactNode }) {
  return (
    <fieldset className="not-first:mt-6">
      <legend className="mb-2 text-sm font-medium">{legend}</legend>
      <div className={`grid gap-3 ${className}`}>{children}</div>
    </fieldset>
  );
}

interface ChoiceProps {
  group: string;
  checked: boolean;
  onChoose: () => void;
  children: ReactNode;
}

function Choice({ group, checked, onChoose, children }: ChoiceProps) {
  return (
    <label className="relative cursor-pointer overflow-hidden rounded-md border border-line hover:border-edge has-checked:border-accent has-checked:ring-1 has-checked:ring-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-(--focus)">
      <input type="radio" name={group} checked={checked} onChange={onChoose} className="absolute end-3 bottom-3" />
      {children}
    </label>
  );
}
