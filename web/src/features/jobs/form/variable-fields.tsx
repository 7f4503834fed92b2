// What the process of a job is given: plain variables, and secrets by the name that they have in the vault.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { Button, IconButton } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { secretNamesQuery } from "../queries";
import { type VariableRow, variableRow, written } from "./draft";
import type { PartProps } from "./job-fields";

/** As many as the server takes, besides those that every job has. */
const MOST = 60;

export function VariableFields({ draft, set, complaints }: PartProps) {
  const { t } = useTranslation();
  const list = useId();
  const names = useQuery({ ...secretNamesQuery, enabled: useCan("secrets.read") }).data ?? [];
  return (
    <>
      <Rows
        title={t("jobs.form.env")}
        hint={t("jobs.form.env_hint")}
        error={complaints.at("env")}
        rows={draft.env}
        add={t("jobs.form.variable_add")}
        remove={(count) => t("jobs.form.variable_remove", { count })}
        onChange={(env) => set({ env })}
      >
        {(row, count, change) => (
          <>
            <Field
              label={t("jobs.form.variable_name", { count })}
              hideLabel
              error={wrongAt(draft.env, row, complaints, "env")}
            >
              <Input
                code
                maxLength={128}
                placeholder="CI"
                value={row.name}
                onChange={(event) => change({ name: event.target.value })}
              />
            </Field>
            <Field label={t("jobs.form.variable_value", { count })} hideLabel>
              <Input
                code
                maxLength={16384}
                placeholder="true"
                value={row.value}
                onChange={(event) => change({ value: event.target.value })}
              />
            </Field>
          </>
        )}
      </Rows>
      <Rows
        title={t("jobs.form.secrets")}
        hint={t("jobs.form.secrets_hint")}
        error={complaints.at("secrets")}
        rows={draft.secrets}
        add={t("jobs.form.secret_add")}
        remove={(count) => t("jobs.form.secret_remove", { count })}
        onChange={(secrets) => set({ secrets })}
      >
        {(row, count, change) => (
          <>
            <Field
              label={t("jobs.form.secret_variable", { count })}
              hideLabel
              error={wrongAt(draft.secrets, row, complaints, "secrets", ".env")}
            >
              <Input
                code
                maxLength={128}
                placeholder="TOKEN"
                value={row.name}
                onChange={(event) => change({ name: event.target.value })}
              />
            </Field>
            <Field
              label={t("jobs.form.secret_name", { count })}
              hideLabel
              error={wrongAt(draft.secrets, row, complaints, "secrets", ".secret")}
            >
              <Input
                code
                list={list}
                maxLength={128}
                placeholder="git/github-token"
                value={row.value}
                onChange={(event) => change({ value: event.target.value })}
              />
            </Field>
          </>
        )}
      </Rows>
      <datalist id={list}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <p className="max-w-prose text-sm text-muted">{t("jobs.form.variables_own")}</p>
    </>
  );
}

/** What is said of one row: its place in the request is that among the rows that are sent. */
function wrongAt(rows: VariableRow[], row: VariableRow, complaints: PartProps["complaints"], field: string, part = "") {
  const at = written(rows).indexOf(row);
  if (at < 0) return undefined;
  return complaints.at(`${field}[${at}]${part}`) ?? complaints.at(`${field}.${row.name.trim()}`);
}

interface RowsProps {
  title: string;
  hint: string;
  /** Anything that is wrong with any of them. */
  error: string | undefined;
  rows: VariableRow[];
  add: string;
  remove: (count: number) => string;
  onChange: (rows: VariableRow[]) => void;
  children: (row: VariableRow, count: number, change: (part: Partial<VariableRow>) => void) => ReactNode;
}

function Rows({ title, hint, error, rows, add, remove, onChange, children }: RowsProps) {
  return (
    <fieldset className="grid gap-2">
      <legend className="text-sm font-medium">{title}</legend>
      <p className="text-sm text-faint">{hint}</p>
      {rows.length > 0 && (
        <ul className="grid gap-2">
          {rows.map((row, at) => (
            <li key={row.id} className="flex items-start gap-1">
              <div className="grid flex-1 gap-2 sm:grid-cols-2">
                {children(row, at + 1, (part) =>
                  onChange(rows.map((other) => (other.id === row.id ? { ...other, ...part } : other))),
                )}
              </div>
              <IconButton
                icon="close"
                label={remove(at + 1)}
                onClick={() => onChange(rows.filter(({ id }) => id !== row.id))}
              />
            </li>
          ))}
        </ul>
      )}
      {error && rows.length === 0 && <p className="text-sm text-danger">{error}</p>}
      {rows.length < MOST && (
        <Button icon="plus" className="justify-self-start" onClick={() => onChange([...rows, variableRow()])}>
          {add}
        </Button>
      )}
    </fieldset>
  );
}
