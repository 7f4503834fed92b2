// What is being written in the form of a command, and what it comes to.
import type { CommandOperation } from "@/api/types";
import { joinLine, splitLine } from "./argv";

export const kinds = [
  "exec",
  "git.status",
  "git.clone",
  "git.pull",
  "git.push",
  "build",
  "test",
  "script",
  "project.create",
  "service.status",
  "service.restart",
  "noop",
] as const;

export type Kind = (typeof kinds)[number];

export const languages = ["python", "javascript", "shell"] as const;
export type Language = (typeof languages)[number];

export const templates = ["node", "python", "rust", "go", "static"] as const;
export type Template = (typeof templates)[number];

/** Names that are the same in every language of people. */
export const properNames = { python: "Python", javascript: "JavaScript", node: "Node.js", rust: "Rust", go: "Go" };

const LONGEST_SOURCE = 64 * 1024;

export interface Draft {
  kind: Kind;
  line: string;
  root: string;
  path: string;
  url: string;
  branch: string;
  service: string;
  language: Language;
  source: string;
  /** What a script is told, as one line. */
  args: string;
  template: Template;
  name: string;
}

export type DraftField = Exclude<keyof Draft, "kind">;

/** Which fields a kind asks for, in the order of the form. */
export const fieldsOf: Record<Kind, DraftField[]> = {
  exec: ["line", "root", "path"],
  "git.status": ["root", "path"],
  "git.clone": ["url", "root", "path", "branch"],
  "git.pull": ["root", "path"],
  "git.push": ["root", "path"],
  build: ["root", "path"],
  test: ["root", "path"],
  script: ["language", "source", "args", "root", "path"],
  "project.create": ["template", "name", "root", "path"],
  "service.status": ["service"],
  "service.restart": ["service"],
  noop: [],
};

export function emptyDraft(root: string): Draft {
  const script = { language: languages[0], source: "", args: "" };
  const project = { template: templates[0], name: "" };
  return { kind: "exec", line: "", root, path: "", url: "", branch: "", service: "", ...script, ...project };
}

/** A field that must not be empty. */
export function isNeeded(kind: Kind, field: DraftField): boolean {
  if (field === "path") return kind === "git.clone" || kind === "project.create";
  return field !== "branch" && field !== "args";
}

/** Whether it can be told how long it may take, and whether it is given input. */
export function mannerOf(kind: string) {
  return { isTimed: kind === "exec" || kind === "script", takesInput: kind === "exec" };
}

/** The name of a project stands in files of every kind. */
export function isNameFit(name: string): boolean {
  return /^[a-z]([a-z0-9-]{0,62}[a-z0-9])?$/.test(name);
}

/** A script is text of a bounded length; an empty one is only missing. */
export function isSourceFit(source: string): boolean {
  return !source.includes("\0") && new TextEncoder().encode(source).length <= LONGEST_SOURCE;
}

/** What is wrong with the path: it leads downwards, as the server asks. */
export function isPathFit(path: string): boolean {
  return !/^[/\\~]/.test(path) && !path.split(/[/\\]/).includes("..");
}

/** The fields that stand in the way: something is missing there, or what is there is unfit. */
export function faultsOf(draft: Draft): Map<DraftField, "required" | "unfit"> {
  const faults = new Map<DraftField, "required" | "unfit">();
  for (const field of fieldsOf[draft.kind]) {
    const isMissing = isNeeded(draft.kind, field) && draft[field].trim() === "";
    if (isMissing) faults.set(field, "required");
    else if (isUnfit(field, draft[field])) faults.set(field, "unfit");
  }
  if (!faults.has("line") && draft.kind === "exec" && !splitLine(draft.line).argv[0]) faults.set("line", "required");
  return faults;
}

function isUnfit(field: DraftField, text: string): boolean {
  if (field === "line" || field === "args") return splitLine(text).fault !== null;
  if (field === "path") return !isPathFit(text.trim());
  if (field === "source") return !isSourceFit(text);
  return field === "name" && !isNameFit(text.trim());
}

/** The operation, or null while something of it is missing or unfit. */
export function operationOf(draft: Draft): CommandOperation | null {
  if (faultsOf(draft).size > 0) return null;
  const text = (field: DraftField) => draft[field].trim();
  const place = { root: text("root"), path: text("path") };
  switch (draft.kind) {
    case "exec":
      return { kind: "exec", argv: splitLine(draft.line).argv, ...place };
    case "git.clone": {
      const branch = text("branch");
      return { kind: "git.clone", url: text("url"), ...place, ...(branch ? { branch } : {}) };
    }
    case "script": {
      const { argv } = splitLine(draft.args);
      const args = argv.length > 0 ? { args: argv } : {};
      return { kind: "script", language: draft.language, source: draft.source, ...args, ...place };
    }
    case "project.create":
      return { kind: "project.create", template: draft.template, name: text("name"), ...place };
    case "service.status":
    case "service.restart":
      return { kind: draft.kind, service: text("service") };
    case "noop":
      return { kind: "noop" };
    default:
      return { kind: draft.kind, ...place };
  }
}

/** Whether the form can say it; terminals and files have screens of their own. */
export function hasForm(operation: CommandOperation): boolean {
  return kinds.some((kind) => kind === operation.kind);
}

/** The form as it would have to be filled in for an operation. */
export function draftOf(operation: CommandOperation, root: string): Draft {
  const draft = { ...emptyDraft(root), kind: kinds.find((kind) => kind === operation.kind) ?? "exec" };
  if (operation.kind === "exec") draft.line = joinLine(operation.argv);
  if ("root" in operation) [draft.root, draft.path] = [operation.root, operation.path ?? ""];
  if (operation.kind === "git.clone") [draft.url, draft.branch] = [operation.url, operation.branch ?? ""];
  if ("service" in operation) draft.service = operation.service;
  if (operation.kind === "script") {
    [draft.language, draft.source, draft.args] = [operation.language, operation.source, joinLine(operation.args ?? [])];
  }
  if (operation.kind === "project.create") [draft.template, draft.name] = [operation.template, operation.name];
  return draft;
}

/** One line about an operation, for lists. */
export function summary(operation: CommandOperation): string {
  switch (operation.kind) {
    case "exec":
      return joinLine(operation.argv);
    case "git.clone":
      return `git clone ${operation.url} ${placeOf(operation)}`;
    case "service.status":
    case "service.restart":
      return `${operation.kind.replace(".", " ")} ${operation.service}`;
    case "ssh_key.install":
    case "ssh_key.prove":
    case "ssh_key.remove":
      return `${operation.kind.replace("_", " ").replace(".", " ")} ${operation.secret}:${operation.version} ${operation.user}`;
    case "script":
      return `${operation.language} script ${placeOf(operation)} ${joinLine(operation.args ?? [])}`.trimEnd();
    case "project.create":
      return `new ${operation.template} ${operation.name} ${placeOf(operation)}`;
    case "noop":
      return "noop";
    default:
      return `${operation.kind.replace(".", " ")} ${placeOf(operation)}`;
  }
}

export function placeOf(operation: CommandOperation): string {
  if (!("root" in operation)) return "";
  return operation.path ? `${operation.root}/${operation.path}` : operation.root;
}
