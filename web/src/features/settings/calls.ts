// The calls that the screens of the settings make.
import { api, unwrap } from "@/api/client";
import type { Setting, Settings as SettingsView } from "@/api/types";
import type { Schema } from "./model/schema";

/** The document leaves open what a schema holds, and what a setting may be. */
export type Item = Omit<Setting, "schema"> & { schema: Schema };
export type Settings = Omit<SettingsView, "items"> & { items: Item[] };

interface Edit {
  changes: Record<string, unknown>;
  base: number;
  comment: string | undefined;
}

const anything = (changes: Record<string, unknown>) => changes as Record<string, never>;

export const getSettings = (signal: AbortSignal) => unwrap(api.GET("/settings", { signal })) as Promise<Settings>;

export const validate = (changes: Record<string, unknown>, signal: AbortSignal | null = null) =>
  unwrap(api.POST("/settings/validate", { body: { changes: anything(changes) }, signal }));

export const save = ({ changes, ...about }: Edit) =>
  unwrap(api.PATCH("/settings", { body: { changes: anything(changes), ...about } }));

export const reload = () => unwrap(api.POST("/settings/reload"));

export const listVersions = (cursor: string | undefined, signal: AbortSignal) =>
  unwrap(api.GET("/settings/versions", { params: { query: { cursor } }, signal }));

export const diff = (from: number, to: number, signal: AbortSignal) =>
  unwrap(api.GET("/settings/diff", { params: { query: { from, to } }, signal }));

export const rollBack = (version: number, comment: string | undefined) =>
  unwrap(api.POST("/settings/versions/{version}/rollback", { params: { path: { version } }, body: { comment } }));

export const moveSecret = (key: string, name: string) =>
  unwrap(api.POST("/settings/secrets/move", { body: { key, name } }));
