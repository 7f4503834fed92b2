import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useCan } from "@/app/me";
import { peopleQuery, vaultQuery } from "./queries";

/** Fetches anew whatever the screens of the vault show, after something was done. */
export function useRefresh() {
  const queries = useQueryClient();
  return useCallback(() => queries.invalidateQueries({ queryKey: ["secrets"] }), [queries]);
}

/** Whether the vault is sealed, as far as that may be known: nothing can be read or written then. */
export function useSealed(): boolean {
  const vault = useQuery({ ...vaultQuery, enabled: useCan("status.read") });
  return vault.data?.sealed ?? false;
}

/** What a person's id is called, where that may be known. */
export function usePersonName() {
  const people = useQuery({ ...peopleQuery, enabled: useCan("users.read") });
  return (id: string) => people.data?.find((person) => person.id === id)?.name;
}
