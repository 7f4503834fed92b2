// What the screens of the settings ask. Every key begins with the live topic `settings`.
import { keepPreviousData, queryOptions, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { pagedQuery } from "@/api/queries";
import { diff, getSettings, listVersions, validate } from "./calls";
import type { Edits } from "./model/edits";

export const settingsQuery = queryOptions({
  queryKey: ["settings", "all"],
  queryFn: ({ signal }) => getSettings(signal),
});

/** Judged anew whenever the edits change, or the settings below them. */
export const checkQuery = (edits: Edits) =>
  queryOptions({
    queryKey: ["settings", "check", edits],
    queryFn: async ({ signal }) => ({ ...(await validate(edits, signal)), of: edits }),
    enabled: Object.keys(edits).length > 0,
    placeholderData: keepPreviousData,
    gcTime: 0,
  });

export const versionsQuery = pagedQuery(["settings", "versions"], (cursor, signal) => listVersions(cursor, signal));

export const diffQuery = (from: number, to: number) =>
  queryOptions({
    queryKey: ["settings", "diff", from, to],
    queryFn: async ({ signal }) => (await diff(from, to, signal)).changes,
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Fetches anew whatever these screens show, after something was done. */
export function useRefresh() {
  const queries = useQueryClient();
  return useCallback(() => queries.invalidateQueries({ queryKey: ["settings"] }), [queries]);
}
