import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { Field, Input } from "@/ui/field";
import { splitLine } from "./argv";

interface ArgvFieldProps {
  line: string;
  /** What else is wrong with it. */
  error?: string | undefined;
  onChange: (line: string) => void;
}

/** Typed as in a shell, shown as it will be run. */
export function ArgvField({ line, error, onChange }: ArgvFieldProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const { argv, fault, plain } = splitLine(line);
  return (
    <div className="grid gap-2">
      <Field
        label={t("commands.field.line")}
        hint={t("commands.field.line_hint")}
        error={fault ? t(`commands.argv.${fault}`) : error}
      >
        <Input
          code
          value={line}
          onChange={(event) => onChange(event.target.value)}
          placeholder="git log --oneline -n 5"
          autoComplete="off"
          className="font-mono"
        />
      </Field>
      {argv.length > 0 && <Argv argv={argv} label={t("commands.argv.title")} />}
      {plain.length > 0 && (
        <p className="text-sm text-warn">
          {t("commands.argv.plain", { signs: format.list(plain.map((sign) => `\u2066${sign}\u2069`)) })}
        </p>
      )}
    </div>
  );
}

/** A program and its arguments, each in a frame of its own, so that blanks and ends are seen. */
export function Argv({ argv, label }: { argv: string[]; label: string }) {
  return (
    <ol dir="ltr" aria-label={label} className="flex flex-wrap gap-1 rtl:justify-end">
      {argv.map((word, at) => (
        <li
          // biome-ignore lint/suspicious/noArrayIndexKey: an argument is its place.
          key={at}
          className="max-w-full rounded-sm border border-line bg-raised px-1.5 py-0.5 font-mono text-sm whitespace-pre-wrap wrap-anywhere"
        >
          {word === "" ? "\u2008" : word}
        </li>
      ))}
    </ol>
  );
}
