// What is being written in the form of a job, and what it comes to.
import type { CommandOperation } from "@/api/types";
import {
  type Draft as CommandDraft,
  type DraftField as CommandField,
  draftOf as commandDraftOf,
  faultsOf as commandFaultsOf,
  operationOf as commandOperationOf,
  emptyDraft as emptyCommand,
} from "@/features/machines/command/draft";
import { isLabel, splitLabels } from "@/features/machines/labels";
import type { JobRetry, JobSpec, JobTarget, NewJob } from "../api";
import { labelTexts } from "../target-labels";
import { type Limit, limitsOf, limitTexts } from "./limits";
import { msOf, type Span, span } from "./span";

export interface JobDraft {
  operation: CommandDraft;
  target: { kind: JobTarget["kind"]; machine: string; labels: string };
  name: string;
  queue: string;
  priority: string;
  labels: string;
  retry: { attempts: string; delay: Span; most: Span; factor: string; jitter: boolean; on: JobRetry["on"] };
  retrySafe: boolean;
  timeout: Span;
  queueTimeout: Span;
  limits: Record<Limit, string>;
  start: "now" | "later" | "at";
  delay: Span;
  at: string;
  concurrency: { key: string; limit: string };
  after: JobSpec["after"];
  lost: { policy: JobSpec["lost"]["policy"]; after: Span };
  env: VariableRow[];
  /** The value is the name of the secret. */
  secrets: VariableRow[];
  /** A pattern on each line. */
  artifacts: string;
}

/** A variable as it is written. */
export interface VariableRow {
  id: number;
  name: string;
  value: string;
}

let rows = 0;

export function variableRow(name = "", value = ""): VariableRow {
  rows += 1;
  return { id: rows, name, value };
}

/** Those of which anything is written: the others are not sent. */
export const written = (all: VariableRow[]) => all.filter(({ name, value }) => name.trim() !== "" || value !== "");

/** The lines on which something is written. */
export const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** What every policy that Diwan writes calls its root. */
export const USUAL_ROOT = "projects";
const USUAL_QUEUE = "default";

export function emptyDraft(): JobDraft {
  return {
    operation: emptyCommand(USUAL_ROOT),
    target: { kind: "any", machine: "", labels: "" },
    name: "",
    queue: "",
    priority: "0",
    labels: "",
    retry: {
      attempts: "1",
      delay: span(1000),
      most: span(300_000),
      factor: "2",
      jitter: true,
      on: ["failed", "timed_out", "lost"],
    },
    retrySafe: false,
    timeout: span(null),
    queueTimeout: span(null),
    limits: limitTexts({}),
    start: "now",
    delay: span(300_000),
    at: "",
    concurrency: { key: "", limit: "1" },
    after: [],
    lost: { policy: "wait", after: span(60_000) },
    env: [],
    secrets: [],
    artifacts: "",
  };
}

/** The form as it would have to be filled in for a job; when it was to begin is not taken over. */
export function draftOf(job: NewJob): JobDraft {
  const empty = emptyDraft();
  return {
    ...empty,
    operation: commandDraftOf(job.operation, USUAL_ROOT),
    target: targetDraft(job.target ?? { kind: "any" }),
    name: job.name ?? "",
    queue: job.queue === USUAL_QUEUE ? "" : (job.queue ?? ""),
    priority: String(job.priority ?? 0),
    labels: labelTexts(job.labels ?? {}).join(", "),
    retry: job.retry
      ? {
          attempts: String(job.retry.attempts),
          delay: span(job.retry.delay_ms),
          most: span(job.retry.max_delay_ms),
          factor: String(job.retry.factor),
          jitter: job.retry.jitter,
          on: job.retry.on,
        }
      : empty.retry,
    retrySafe: job.retry_safe ?? false,
    timeout: span(job.timeout_ms ?? null),
    queueTimeout: span(job.queue_timeout_ms ?? null),
    limits: limitTexts(job.limits ?? {}),
    concurrency: job.concurrency
      ? { key: job.concurrency.key, limit: String(job.concurrency.limit) }
      : empty.concurrency,
    after: job.after ?? [],
    lost: job.lost ? { policy: job.lost.policy, after: span(job.lost.after_ms) } : empty.lost,
    env: Object.entries(job.env ?? {}).map(([name, value]) => variableRow(name, value)),
    secrets: (job.secrets ?? []).map(({ env, secret }) => variableRow(env, secret)),
    artifacts: (job.artifacts ?? []).join("\n"),
  };
}

function targetDraft(target: JobTarget): JobDraft["target"] {
  return {
    kind: target.kind,
    machine: target.kind === "machine" ? target.machine_id : "",
    labels: target.kind === "labels" ? target.selector : "",
  };
}

/** What stands in the way: a word for it, or the bounds that were left. */
export type Fault =
  | "required"
  | "choose"
  | "form"
  | "label"
  | "pair"
  | "unfit"
  | "variable"
  | "twice"
  | { of: "whole" | "number" | "span"; least: number; most: number };

/** By the place in the request that it is about. */
export type Faults = Map<string, Fault>;

interface Comes {
  job: NewJob;
  faults: Faults;
}

export function jobOf(draft: JobDraft, now = Date.now()): Comes {
  const faults: Faults = new Map();
  const usual = emptyDraft();
  // What is not shown, because it would mean nothing, stands in nobody's way.
  const retry = Number(draft.retry.attempts) > 1 ? draft.retry : { ...usual.retry, attempts: draft.retry.attempts };
  if (retry.on.length === 0) faults.set("retry.on", "choose");
  const lostAfter = draft.lost.policy === "wait" ? usual.lost.after : draft.lost.after;
  const job: NewJob = {
    operation: operationOf(draft.operation, faults),
    target: targetOf(draft.target, faults),
    name: draft.name.trim() || null,
    queue: draft.queue.trim() || USUAL_QUEUE,
    priority: whole(draft.priority, -10, 10, "priority", faults),
    labels: labelsOf(draft.labels, "labels", faults),
    retry: {
      attempts: whole(retry.attempts, 1, 100, "retry.attempts", faults),
      delay_ms: needed(retry.delay, [0, DAY_MS], "retry.delay_ms", faults),
      max_delay_ms: needed(retry.most, [0, DAY_MS], "retry.max_delay_ms", faults),
      factor: factorOf(retry.factor, faults),
      jitter: retry.jitter,
      on: retry.on,
    },
    retry_safe: draft.retrySafe,
    timeout_ms: lasting(draft.timeout, [1, 7 * DAY_MS], "timeout_ms", faults),
    queue_timeout_ms: lasting(draft.queueTimeout, [1, 366 * DAY_MS], "queue_timeout_ms", faults),
    limits: limitsOf(draft.limits, faults),
    not_before: notBefore(draft, now, faults),
    concurrency: draft.concurrency.key.trim()
      ? {
          key: draft.concurrency.key.trim(),
          limit: whole(draft.concurrency.limit, 1, 1000, "concurrency.limit", faults),
        }
      : null,
    after: draft.after,
    lost: { policy: draft.lost.policy, after_ms: needed(lostAfter, [1000, 7 * DAY_MS], "lost.after_ms", faults) },
    ...variablesOf(draft, faults),
    artifacts: linesOf(draft.artifacts),
  };
  return { job, faults };
}

function operationOf(draft: CommandDraft, faults: Faults): CommandOperation {
  for (const [field, fault] of commandFaultsOf(draft)) faults.set(operationPlace(field), fault);
  return commandOperationOf(draft) ?? { kind: "noop" };
}

/** Where a field of the form of a command stands in the request. */
export function operationPlace(field: CommandField): string {
  return `operation.${field === "line" ? "argv" : field}`;
}

function targetOf(target: JobDraft["target"], faults: Faults): JobTarget {
  if (target.kind === "any") return { kind: "any" };
  if (target.kind === "machine") {
    if (!target.machine) faults.set("target.machine_id", "required");
    return { kind: "machine", machine_id: target.machine };
  }
  const labels = splitLabels(target.labels);
  if (labels.length === 0) faults.set("target.selector", "required");
  else if (!labels.every(isLabel)) faults.set("target.selector", "label");
  return { kind: "labels", selector: labels.join(",") };
}

/** Labels of jobs are pairs; a key alone has an empty value. */
function labelsOf(text: string, place: string, faults: Faults): Record<string, string> {
  const labels = splitLabels(text).map((label): [string, string] => {
    const at = label.indexOf("=");
    return at < 0 ? [label, ""] : [label.slice(0, at), label.slice(at + 1)];
  });
  const isFit = ([key, value]: [string, string]) => WORD.test(key) && key !== "" && WORD.test(value);
  if (!labels.every(isFit)) faults.set(place, "pair");
  return Object.fromEntries(labels);
}

function whole(text: string, least: number, most: number, place: string, faults: Faults): number {
  const value = /^[+-]?\d{1,6}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  faults.set(place, { of: "whole", least, most });
  return least;
}

type Bounds = [least: number, most: number];

export const DAY_MS = 86_400_000;

/** Null where it was left empty, and where it cannot be meant. */
export function lasting(given: Span, [least, most]: Bounds, place: string, faults: Faults): number | null {
  const ms = msOf(given);
  if (ms === null || (ms >= least && ms <= most)) return ms;
  faults.set(place, Number.isNaN(ms) ? "form" : { of: "span", least, most });
  return null;
}

/** One that cannot be left empty. */
function needed(given: Span, bounds: Bounds, place: string, faults: Faults): number {
  if (msOf(given) === null) faults.set(place, "required");
  return lasting(given, bounds, place, faults) ?? bounds[0];
}

function factorOf(text: string, faults: Faults): number {
  const value = Number(text.trim().replace(",", ".") || "1");
  if (value >= 1 && value <= 10) return value;
  faults.set("retry.factor", { of: "number", least: 1, most: 10 });
  return 1;
}

function notBefore({ start, delay, at }: JobDraft, now: number, faults: Faults): string | null {
  if (start === "now") return null;
  if (start === "later") {
    return new Date(now + needed(delay, [0, 3660 * DAY_MS], "not_before", faults)).toISOString();
  }
  const moment = new Date(at);
  if (!Number.isNaN(moment.getTime())) return moment.toISOString();
  faults.set("not_before", "required");
  return null;
}

function variablesOf(draft: JobDraft, faults: Faults): Pick<Required<NewJob>, "env" | "secrets"> {
  const names = new Set<string>();
  const look = (name: string, place: string) => {
    if (!VARIABLE.test(name)) faults.set(place, name === "" ? "required" : "variable");
    else if (names.has(name)) faults.set(place, "twice");
    names.add(name);
    return name;
  };
  const env = written(draft.env).map(({ name, value }, at): [string, string] => [
    look(name.trim(), `env[${at}]`),
    value,
  ]);
  const secrets = written(draft.secrets).map(({ name, value }, at) => {
    if (value.trim() === "") faults.set(`secrets[${at}].secret`, "required");
    return { env: look(name.trim(), `secrets[${at}].env`), secret: value.trim() };
  });
  return { env: Object.fromEntries(env), secrets };
}

/** How variables are called. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** What keys and values of labels are made of. */
const WORD = /^[A-Za-z0-9._/-]{0,63}$/;
