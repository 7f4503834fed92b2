// What the screens of the fleet ask. Keys begin with the live topic `machines`; what comes every two seconds has a
// key of its own, so that news about machines does not fetch it anew.
import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import { pagedQuery } from "@/api/queries";
import type { Machine } from "@/api/types";
import type { CommandsSearch, MachinesSearch } from "@/app/search";

export function machinesQuery({ search, labels, state }: Pick<MachinesSearch, "search" | "labels" | "state">) {
  return pagedQuery(["machines", "list", { search, labels, state }], (cursor, signal) =>
    unwrap(api.GET("/machines", { params: { query: { search, labels, state, cursor } }, signal })),
  );
}

const PAGES_AT_MOST = 5;
const PAGE = 200;

/** All machines, as far as one can choose among them by hand. */
export const allMachinesQuery = queryOptions({
  queryKey: ["machines", "all"],
  queryFn: async ({ signal }) => {
    const items: Machine[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_AT_MOST; page += 1) {
      const part = await unwrap(api.GET("/machines", { params: { query: { limit: PAGE, cursor } }, signal }));
      items.push(...part.items);
      cursor = part.next_cursor ?? undefined;
      if (!cursor) break;
    }
    return { items, more: Boolean(cursor) };
  },
});

export function machineQuery(id: string) {
  return queryOptions({
    queryKey: ["machines", "one", id],
    queryFn: ({ signal }) => unwrap(api.GET("/machines/{id}", { params: { path: { id } }, signal })),
  });
}

export function samplesQuery(id: string) {
  return queryOptions({
    queryKey: ["machine-samples", id],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/machines/{id}/samples", { params: { path: { id } }, signal }))).items,
    staleTime: 0,
  });
}

export function certificatesQuery(id: string) {
  return queryOptions({
    queryKey: ["machines", "one", id, "certificates"],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/machines/{id}/certificates", { params: { path: { id } }, signal }))).items,
  });
}

export function sshKeysQuery(id: string) {
  return queryOptions({
    queryKey: ["machines", "one", id, "ssh-keys"],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/machines/{id}/ssh-keys", { params: { path: { id } }, signal }))).items,
  });
}

/** The SSH keys of the vault that one may choose from. */
export const vaultKeysQuery = queryOptions({
  queryKey: ["secrets", "ssh-keys"],
  queryFn: async ({ signal }) =>
    (await unwrap(api.GET("/secrets", { params: { query: { kind: "ssh_key", limit: 200 } }, signal }))).items,
});

export const fleetKeysQuery = queryOptions({
  queryKey: ["machines", "keys"],
  queryFn: ({ signal }) => unwrap(api.GET("/fleet/keys", { signal })),
  retry: false,
});

export function joinTokenQuery(id: string) {
  return queryOptions({
    queryKey: ["machines", "join-token", id],
    queryFn: ({ signal }) => unwrap(api.GET("/join-tokens/{id}", { params: { path: { id } }, signal })),
  });
}

export function commandsQuery({ machine, state, actor }: CommandsSearch) {
  return pagedQuery(["machines", "commands", { machine, state, actor }], (cursor, signal) =>
    unwrap(api.GET("/commands", { params: { query: { machine, state, actor, cursor, limit: 25 } }, signal })),
  );
}

export function commandQuery(id: string) {
  return queryOptions({
    queryKey: ["machines", "command", id],
    queryFn: ({ signal }) => unwrap(api.GET("/commands/{id}", { params: { path: { id } }, signal })),
  });
}

export function batchQuery(id: string) {
  return queryOptions({
    queryKey: ["machines", "batch", id],
    queryFn: ({ signal }) => unwrap(api.GET("/command-batches/{id}", { params: { path: { id } }, signal })),
  });
}

export function machineAuditQuery(id: string) {
  const resource = `machine:${id}`;
  return pagedQuery(["audit", "entries", { resource }], (cursor, signal) =>
    unwrap(api.GET("/audit", { params: { query: { resource, limit: 20, cursor } }, signal })),
  );
}
