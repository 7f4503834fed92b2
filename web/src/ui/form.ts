// The life of a form: read its values, check them, send them, and put each complaint beside its field.
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { isSessionEnded, type ProblemError, toProblem } from "@/api/problem";
import { sessionEnded } from "@/api/session-ended";
import { useFormat } from "@/i18n/format";

type Values<F extends string> = Record<F, string>;
type Code = "required" | "email" | "mismatch" | "code" | "secret_name" | "machine_name";
/** What is wrong: a word for it, or the bounds that were left. */
export type Check = (value: string) => Code | { least: number; most: number } | null;

interface FormOptions<F extends string> {
  fields: Record<F, Check | null>;
  submit: (values: Values<F>) => Promise<unknown>;
}

export const required: Check = (value) => (value.trim() ? null : "required");
export const between =
  (least: number, most: number): Check =>
  (value) =>
    value.trim() === "" || (/^\d+$/.test(value.trim()) && Number(value) >= least && Number(value) <= most)
      ? null
      : { least, most };
/** Parts of lower-case letters, digits and `._-`, with slashes between them. */
export const secretName: Check = (value) => {
  if (value.trim() === "") return "required";
  return /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/.test(value.trim()) ? null : "secret_name";
};
export const email: Check = (value) => (/^\S+@\S+\.\S+$/.test(value.trim()) ? null : "email");

export function useForm<F extends string>({ fields, submit }: FormOptions<F>) {
  const { t } = useTranslation();
  const format = useFormat();
  const element = useRef<HTMLFormElement>(null);
  const [errors, setErrors] = useState<Partial<Record<F, string>>>({});
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const [busy, setBusy] = useState(false);
  const names = Object.keys(fields) as F[];

  async function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const values = readValues(event.currentTarget, names);
    const found = check(values);
    show(found, null);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      await submit(values);
    } catch (error) {
      const caught = toProblem(error);
      show(complaints(caught), isAllBesideFields(caught) ? null : caught);
      if (isSessionEnded(caught)) sessionEnded();
    } finally {
      setBusy(false);
    }
  }

  function check(values: Values<F>) {
    const found: Partial<Record<F, string>> = {};
    for (const name of names) {
      const wrong = fields[name]?.(values[name]);
      if (!wrong) continue;
      if (typeof wrong === "string") found[name] = t(`form.${wrong}`);
      else found[name] = t("form.range", { least: format.number(wrong.least), most: format.number(wrong.most) });
    }
    return found;
  }

  function complaints(caught: ProblemError) {
    const found: Partial<Record<F, string>> = {};
    for (const { field, code, message } of caught.problem.errors ?? []) {
      const name = nameIn(field);
      if (name) found[name] = t(`field.${code}` as "field.too_short", { defaultValue: message });
    }
    return found;
  }

  /** What each field says of itself is not said again above the form. */
  function isAllBesideFields({ code, problem }: ProblemError) {
    const isBeside = (name?: F) => name !== undefined && element.current?.elements.namedItem(name);
    const told = problem.errors ?? [];
    return code === "fields_invalid" && told.length > 0 && told.every(({ field }) => isBeside(nameIn(field)));
  }

  /** The server may name one item of a list: `allowed_addresses[0]`. */
  function nameIn(field: string): F | undefined {
    return names.find((one) => one === field.split(/[.[]/)[0]);
  }

  function show(found: Partial<Record<F, string>>, caught: ProblemError | null) {
    setErrors(found);
    setProblem(caught);
    const first = names.find((name) => found[name]);
    const input = first && element.current?.elements.namedItem(first);
    if (input instanceof HTMLElement) input.focus();
  }

  return { props: { ref: element, onSubmit, noValidate: true }, errors, problem, busy };
}

function readValues<F extends string>(form: HTMLFormElement, names: F[]): Values<F> {
  const data = new FormData(form);
  return Object.fromEntries(names.map((name) => [name, String(data.get(name) ?? "")])) as Values<F>;
}
