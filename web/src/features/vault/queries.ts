// What the screens of the vault ask. Every key begins with the live topic `secrets`; values are never asked here.
import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import { pagedQuery } from "@/api/queries";
import type { Secret, SecretAction } from "@/api/types";
import type { SecretsSearch } from "@/app/search";

export const vaultQuery = queryOptions({
  queryKey: ["secrets", "vault"],
  queryFn: ({ signal }) => unwrap(api.GET("/vault", { signal })),
});

export function secretsQuery({ search, kind, due }: SecretsSearch) {
  return pagedQuery(["secrets", "list", { search, kind, due }], (cursor, signal) =>
    unwrap(api.GET("/secrets", { params: { query: { search, kind, due, cursor } }, signal })),
  );
}

export function secretQuery(id: string) {
  return queryOptions({
    queryKey: ["secrets", "one", id],
    queryFn: ({ signal }) => unwrap(api.GET("/secrets/{id}", { params: { path: { id } }, signal })),
  });
}

export function versionsQuery(id: string) {
  return queryOptions({
    queryKey: ["secrets", "one", id, "versions"],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/secrets/{id}/versions", { params: { path: { id } }, signal }))).items,
  });
}

export function readersQuery(id: string, action: SecretAction) {
  return queryOptions({
    queryKey: ["secrets", "one", id, "readers", action],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/secrets/{id}/readers", { params: { path: { id }, query: { action } }, signal }))).items,
  });
}

export function hooksQuery(id: string) {
  return queryOptions({
    queryKey: ["secrets", "one", id, "hooks"],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/secrets/{id}/hooks", { params: { path: { id } }, signal }))).items,
  });
}

export function touchesQuery(name: string) {
  const resource = `secret:${name}`;
  return pagedQuery(["audit", "entries", { resource }], (cursor, signal) =>
    unwrap(api.GET("/audit", { params: { query: { resource, limit: 10, cursor } }, signal })),
  );
}

export const policiesQuery = queryOptions({
  queryKey: ["secrets", "policies"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/secret-policies", { signal }))).items,
});

export const leasesQuery = pagedQuery(["secrets", "leases"], (cursor, signal) =>
  unwrap(api.GET("/secret-leases", { params: { query: { cursor } }, signal })),
);

export const rotationsQuery = queryOptions({
  queryKey: ["secrets", "vault", "rotations"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/vault/rotations", { signal }))).items,
});

const PAGES_AT_MOST = 5;
const PAGE = 200;

/** All secrets, as far as a calendar can show them. */
export const allSecretsQuery = queryOptions({
  queryKey: ["secrets", "all"],
  queryFn: async ({ signal }) => {
    const items: Secret[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_AT_MOST; page += 1) {
      const part = await unwrap(api.GET("/secrets", { params: { query: { limit: PAGE, cursor } }, signal }));
      items.push(...part.items);
      cursor = part.next_cursor ?? undefined;
      if (!cursor) break;
    }
    return { items, more: Boolean(cursor) };
  },
});

/** People by id, for those who may see them; everybody else sees the ids. */
export const peopleQuery = queryOptions({
  queryKey: ["users", "names"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/users", { params: { query: { limit: 200 } }, signal }))).items,
  staleTime: 60_000,
});
