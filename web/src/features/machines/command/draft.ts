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
  "service.status",
  "service.restart",
  "noop",
] as const;

export type Kind = (typeof kinds)[number];

export interface Draft {
  kind: Kind;
  line: string;
  root: string;
  path: string;
  url: string;
  branch: string;
  service: string;
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
  "service.status": ["service"],
  "service.restart": ["service"],
  noop: [],
};

export function emptyDraft(root: string): Draft {
  return { kind: "exec", line: "", root, path: "", url: "", branch: "", service: "" };
}

/** A field that must not be empty. */
export function isNeeded(kind: Kind, field: DraftField): boolean {
  if (field === "path") return kind === "git.clone";
  return field !== "branch";
}

/** What is wrong with the path: it leads downwards, as the server asks. */
export function isPathFit(path: string): boolean {
  return !/^[/\\~]/.test(path) && !path.split(/[/\\]/).includes("..");
}

/** The operation, or null while something of it is missing or unfit. */
export function operationOf(draft: Draft): CommandOperation | null {
  const text = (field: DraftField) => draft[field].trim();
  const needed = fieldsOf[draft.kind].filter((field) => isNeeded(draft.kind, field));
  if (needed.some((field) => text(field) === "") || !isPathFit(text("path"))) return null;
  const place = { root: text("root"), path: text("path") };
  switch (draft.kind) {
    case "exec": {
      const { argv, fault } = splitLine(draft.line);
      return fault || !argv[0] ? null : { kind: "exec", argv, ...place };
    }
    case "git.clone": {
      const branch = text("branch");
      return { kind: "git.clone", url: text("url"), ...place, ...(branch ? { branch } : {}) };
    }
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
