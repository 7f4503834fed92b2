// Who is signed in, for every screen below the shell (which loads it first).
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { meQuery } from "@/api/queries";
import type { Me, Permission, User } from "@/api/types";

export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

export function useCan(permission: Permission): boolean {
  return useMe().permissions.includes(permission);
}

/** Puts the server's answer about the person into the cache, so the change shows at once everywhere. */
export function useUserChanged() {
  const queries = useQueryClient();
  return useCallback(
    (user: User) => queries.setQueryData(meQuery.queryKey, (me) => (me ? { ...me, user } : me)),
    [queries],
  );
}
