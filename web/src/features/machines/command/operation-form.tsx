// The fields of a command: what is to be done, and where. Nothing here is a line for a shell.
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { Field, Input, Select } from "@/ui/field";
import { ArgvField } from "./argv-field";
import {
  type Draft,
  type DraftField,
  fieldsOf,
  isNameFit,
  isNeeded,
  isPathFit,
  type Kind,
  kinds,
  properNames,
  type Template,
  templates,
} from "./draft";
import { ScriptFields } from "./script-fields";

interface OperationFormProps {
  draft: Draft;
  /** The names of roots that are known. */
  roots: string[];
  /** What whoever sends it found wrong, field by field; what is unfit the fields say themselves. */
  errorAt?: (field: DraftField) => string | undefined;
  onChange: (draft: Draft) => void;
}

const noErrors = () => undefined;

export function OperationForm({ draft, roots, errorAt = noErrors, onChange }: OperationFormProps) {
  const { t } = useTranslation();
  const set = (part: Partial<Draft>) => onChange({ ...draft, ...part });
  const fields = fieldsOf[draft.kind];
  return (
    <div className="grid gap-4">
      <Field label={t("commands.kind")} hint={t(`commands.kinds.${keyOf(draft.kind)}_means`)} className="sm:max-w-sm">
        <Select value={draft.kind} onChange={(event) => set({ kind: event.target.value as Kind })}>
          {kinds.map((kind) => (
            <option key={kind} value={kind}>
              {t(`commands.kinds.${keyOf(kind)}`)}
            </option>
          ))}
        </Select>
      </Field>
      {fields.includes("line") && (
        <ArgvField line={draft.line} error={errorAt("line")} onChange={(line) => set({ line })} />
      )}
      {fields.includes("source") && <ScriptFields draft={draft} errorAt={errorAt} onChange={set} />}
      <div className="grid items-start gap-4 sm:grid-cols-2">
        {fields.includes("template") && (
          <Field label={t("commands.field.template")}>
            <Select value={draft.template} onChange={(event) => set({ template: event.target.value as Template })}>
              {templates.map((template) => (
                <option key={template} value={template}>
                  {template === "static" ? t("commands.templates.static") : properNames[template]}
                </option>
              ))}
            </Select>
          </Field>
        )}
        {fields.filter(isText).map((field) => (
          <TextField
            key={field}
            field={field}
            draft={draft}
            roots={roots}
            error={errorAt(field)}
            onChange={(text) => set({ [field]: text })}
          />
        ))}
      </div>
    </div>
  );
}

export function keyOf(kind: Kind) {
  return kind.replace(".", "_") as
    | "exec"
    | "git_status"
    | "git_clone"
    | "git_pull"
    | "git_push"
    | "build"
    | "test"
    | "service_status"
    | "script"
    | "project_create"
    | "service_restart"
    | "noop";
}

type OneLine = "root" | "path" | "url" | "branch" | "service" | "name";

function isText(field: DraftField): field is OneLine {
  return field in longest;
}

interface TextFieldProps {
  field: OneLine;
  draft: Draft;
  roots: string[];
  error: string | undefined;
  onChange: (text: string) => void;
}

const examples = {
  root: "projects",
  path: "",
  url: "https://",
  branch: "main",
  service: "nginx.service",
  name: "my-shop",
};
const longest = { root: 128, path: 4096, url: 2048, branch: 244, service: 128, name: 64 };

function TextField({ field, draft, roots, error, onChange }: TextFieldProps) {
  const { t } = useTranslation();
  const list = useId();
  const isUnfit = field === "path" && !isPathFit(draft.path.trim());
  const name = draft.name.trim();
  const isNoName = field === "name" && name !== "" && !isNameFit(name);
  return (
    <Field
      label={t(`commands.field.${field}`)}
      optional={!isNeeded(draft.kind, field)}
      hint={field === "root" || field === "path" ? t(`commands.field.${field}_hint`) : undefined}
      error={(isUnfit && t("field.path_not_relative")) || (isNoName && t("commands.field.name_unfit")) || error}
      className={field === "url" ? "sm:col-span-2" : ""}
    >
      <Input
        code
        maxLength={longest[field]}
        placeholder={examples[field]}
        value={draft[field]}
        onChange={(event) => onChange(event.target.value)}
        {...(field === "root" && roots.length > 0 ? { list } : {})}
      />
      {field === "root" && roots.length > 0 && (
        <datalist id={list}>
          {roots.map((root) => (
            <option key={root} value={root} />
          ))}
        </datalist>
      )}
    </Field>
  );
}
