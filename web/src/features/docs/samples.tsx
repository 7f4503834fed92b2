import { useTranslation } from "react-i18next";
import { CodeBlock } from "./code-block";
import type { Operation } from "./document";
import { useReference } from "./reference";
import { type Filled, type Language, languages, sampleOf } from "./request";

const names: Record<Language, string> = { curl: "curl", javascript: "JavaScript", python: "Python" };

/** The request in code, with what was filled in; the language chosen here counts for the whole page. */
export function Samples({ operation, filled }: { operation: Operation; filled: Filled }) {
  const { t } = useTranslation("docs");
  const { language, setLanguage } = useReference();
  const choice = (
    <fieldset dir="ltr" className="flex gap-1">
      <legend className="sr-only">{t("docs.operation.language")}</legend>
      {languages.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={one === language}
          onClick={() => setLanguage(one)}
          className="min-h-7 rounded-sm px-2 text-muted hover:bg-raised hover:text-ink aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent pointer-coarse:min-h-10"
        >
          {names[one]}
        </button>
      ))}
    </fieldset>
  );
  return <CodeBlock heading={choice} text={sampleOf(operation, filled, location.origin, language)} />;
}
