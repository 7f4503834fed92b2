// The directories that a machine's policy names: the usual one first.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import type { MachineRoot } from "@/api/types";

export function rootsQuery(machine: string) {
  return queryOptions({
    queryKey: ["machines", "one", machine, "roots"],
    queryFn: async ({ signal }) => {
      const params = { path: { id: machine } };
      return (await unwrap(api.GET("/machines/{id}/roots", { params, signal }))).items;
    },
    staleTime: 60_000,
  });
}

export function useRoots(machine: string): MachineRoot[] | undefined {
  return useQuery(rootsQuery(machine)).data;
}
