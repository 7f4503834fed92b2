// The OpenAPI document as this page reads it: its operations, grouped the way people look for them.
import { queryOptions } from "@tanstack/react-query";
import { apiBase } from "@/api/client";
import { ProblemError, readProblem, toProblem } from "@/api/problem";
import type { Schema } from "./schema";

export interface Parameter {
  name: string;
  in: "path" | "query" | "header" | "cookie";
  description?: string;
  required?: boolean;
  deprecated?: boolean;
  schema?: Schema;
}

export type Content = Record<string, { schema?: Schema; example?: unknown }>;

export interface Answer {
  $ref?: string;
  description?: string;
  content?: Content;
}

interface RawOperation {
  operationId?: string;
  tags?: string[];
  summary?: string;
  description?: string;
  deprecated?: boolean;
  parameters?: Parameter[];
  requestBody?: { description?: string; required?: boolean; content?: Content };
  responses?: Record<string, Answer>;
  security?: Record<string, string[]>[];
  "x-permission"?: string;
  "x-step-up"?: boolean;
  "x-socket"?: boolean;
  "x-time-limit-s"?: number;
}

export interface OpenApi {
  openapi: string;
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, RawOperation>>;
  components?: { schemas?: Record<string, Schema>; responses?: Record<string, Answer> };
}

export interface Operation extends RawOperation {
  /** The anchor of the operation on this page, which stays the same as long as the operation does. */
  id: string;
  title: string;
  method: Method;
  path: string;
  parameters: Parameter[];
  responses: Record<string, Answer>;
}

export interface Group {
  id: string;
  tag: string;
  name: string;
  operations: Operation[];
}

export const methods = ["get", "post", "put", "patch", "delete"] as const;
export type Method = (typeof methods)[number];

export const PROBLEM = "application/problem+json";

export const documentQuery = queryOptions({
  queryKey: ["openapi"],
  staleTime: 300_000,
  queryFn: async ({ signal }): Promise<OpenApi> => {
    try {
      const response = await fetch(`${apiBase}/openapi.json`, { signal });
      if (!response.ok) throw new ProblemError(await readProblem(response));
      return (await response.json()) as OpenApi;
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw toProblem(error);
    }
  },
});

/** All operations, by tag and then by the thing that they are about, in the order of the document. */
export function groupsOf(document: OpenApi): Group[] {
  const groups = new Map<string, Group>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of methods) {
      const raw = item[method];
      if (!raw) continue;
      const tag = raw.tags?.[0] ?? "";
      const name = subjectOf(path) || tag;
      const id = `group-${tag}-${name}`;
      const group = groups.get(id) ?? { id, tag, name, operations: [] };
      groups.set(id, group);
      group.operations.push(operation(path, method, raw));
    }
  }
  const tags = [...new Set([...groups.values()].map(({ tag }) => tag))];
  return [...groups.values()].sort((a, b) => tags.indexOf(a.tag) - tags.indexOf(b.tag));
}

function operation(path: string, method: Method, raw: RawOperation): Operation {
  const id = raw.operationId ?? `${method}-${path.replaceAll(/[^a-z0-9]+/gi, "-").replace(/-$/, "")}`;
  return {
    ...raw,
    id,
    method,
    path,
    title: raw.operationId ? humanise(raw.operationId) : path,
    parameters: raw.parameters ?? [],
    responses: raw.responses ?? {},
  };
}

/** `/api/v1/users/{id}/sessions` is about users. */
function subjectOf(path: string): string {
  return (
    path
      .replace(/^\/api\/v\d+/, "")
      .split("/")
      .find((part) => part && !part.startsWith("{")) ?? ""
  );
}

const acronyms = new Set(["api", "cli", "csv", "id", "mfa", "oidc", "totp", "tls", "url", "gpu", "ssh", "mcp"]);

/** `start_oidc_link` becomes "Start OIDC link". */
export function humanise(name: string): string {
  const words = name.split(/[_\-\s]+/).filter(Boolean);
  return words
    .map((word, at) => {
      if (acronyms.has(word)) return word.toUpperCase();
      return at === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : word;
    })
    .join(" ");
}

/** Keeps what answers to every word of the search, in its path, title, summary, id, permission or method. */
export function matching(groups: Group[], search: string): Group[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return groups;
  return groups
    .map((group) => ({ ...group, operations: group.operations.filter((one) => answersTo(one, words)) }))
    .filter(({ operations }) => operations.length > 0);
}

function answersTo(operation: Operation, words: string[]): boolean {
  const { method, path, title, id, summary, tags } = operation;
  const text = [method, path, title, id, summary, tags?.join(" "), operation["x-permission"]].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The answer itself, where the document only says where it stands. */
export function answerOf(document: OpenApi, answer: Answer): Answer {
  const name = /^#\/components\/responses\/(.+)$/.exec(answer.$ref ?? "")?.[1];
  return (name && document.components?.responses?.[name]) || answer;
}

export function isProblem(answer: Answer): boolean {
  return Object.keys(answer.content ?? {}).includes(PROBLEM);
}

/** Whether somebody must be signed in. */
export function needsSignIn(operation: Operation): boolean {
  return (operation.security ?? []).length > 0 && operation["x-permission"] !== "none";
}

/** Where an operation takes a body: of which type and form. */
export function bodyOf(operation: Operation): { type: string; types: string[]; schema?: Schema } | null {
  const content = operation.requestBody?.content ?? {};
  const types = Object.keys(content);
  const type = types.find((one) => /json/.test(one)) ?? types[0];
  return type ? { type, types, schema: content[type]?.schema } : null;
}
