// A script that is sent along: what it is written in, its text, and what it is told.
import { useTranslation } from "react-i18next";
import type { CommandOperation } from "@/api/types";
import { Field, Input, Select, Textarea } from "@/ui/field";
import { splitLine } from "./argv";
import { type Draft, type DraftField, isSourceFit, type Language, languages, properNames } from "./draft";

interface ScriptFieldsProps {
  draft: Draft;
  errorAt: (field: DraftField) => string | undefined;
  onChange: (part: Partial<Draft>) => void;
}

export function ScriptFields({ draft, errorAt, onChange }: ScriptFieldsProps) {
  const { t } = useTranslation();
  const { fault } = splitLine(draft.args);
  return (
    <>
      <Field label={t("commands.field.language")} className="sm:max-w-sm">
        <Select value={draft.language} onChange={(event) => onChange({ language: event.target.value as Language })}>
          {languages.map((language) => (
            <option key={language} value={language}>
              {language === "shell" ? t("commands.languages.shell") : properNames[language]}
            </option>
          ))}
        </Select>
      </Field>
      <Field
        label={t("commands.field.source")}
        hint={t("commands.field.source_hint")}
        error={isSourceFit(draft.source) ? errorAt("source") : t("commands.field.source_unfit")}
      >
        <Textarea
          dir="ltr"
          rows={8}
          spellCheck={false}
          autoCapitalize="none"
          autoCorrect="off"
          className="font-mono text-sm"
          value={draft.source}
          onChange={(event) => onChange({ source: event.target.value })}
        />
      </Field>
      <Field
        label={t("commands.field.args")}
        optional
        hint={t("commands.field.line_hint")}
        error={fault ? t(`commands.argv.${fault}`) : errorAt("args")}
      >
        <Input
          code
          className="font-mono"
          value={draft.args}
          onChange={(event) => onChange({ args: event.target.value })}
        />
      </Field>
    </>
  );
}

/** The text of a script, for whoever looks at it or says yes to it. */
export function ScriptSource({ operation }: { operation: CommandOperation }) {
  const { t } = useTranslation();
  if (operation.kind !== "script") return null;
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard.
      tabIndex={0}
      aria-label={t("commands.field.source")}
      className="max-h-80 overflow-auto rounded-md border border-line bg-raised p-3"
    >
      <pre dir="ltr" className="font-mono text-sm whitespace-pre-wrap wrap-anywhere">
        {operation.source}
      </pre>
    </section>
  );
}
