// The life of a form: read its values, check them, send them, and put each complaint beside its field.
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { isSessionEnded, type ProblemError, toProblem } from "@/api/problem";
import { sessionEnded } from "@/api/session-ended";

type Values<F extends string> = Record<F, string>;
type Check = (value: string) => "required" | "email" | "mismatch" | "code" | "range" | "secret_name" | null;

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
      : "range";
/** Parts of lower-case letters, digits and `._-`, with slashes between them. */
export const secretName: Check = (value) => {
  if (value.trim() === "") return "required";
  return /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/.test(value.trim()) ? null : "secret_name";
};
export const email: Check = (value) => (/^\S+@\S+\.\S+$/.test(value.trim()) ? null : "email");

export function useForm<F extends string>({ fields, submit }: FormOptions<F>) {
  const { t } = useTranslation();
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
      show(complaints(caught), caught);
      if (isSessionEnded(caught)) sessionEnded();
    } finally {
      setBusy(false);
    }
  }

  function check(values: Values<F>) {
    const found: Partial<Record<F, string>> = {};
    for (const name of names) {
      const code = fields[name]?.(values[name]);
      if (code) found[name] = t(`form.${code}`);
    }
    return found;
  }

  function complaints(caught: ProblemError) {
    const found: Partial<Record<F, string>> = {};
    for (const { field, code, message } of caught.problem.errors ?? []) {
      // The server may name one item of a list: `allowed_addresses[0]`.
      const name = names.find((one) => one === field.split(/[.[]/)[0]);
      if (name) found[name] = t(`field.${code}` as "field.too_short", { defaultValue: message });
    }
    return found;
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
