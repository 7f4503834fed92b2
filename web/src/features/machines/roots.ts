// The directories that a machine's policy names: the usual one first.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { apiBase } from "@/api/client";
import { ProblemError, readProblem } from "@/api/problem";

export interface Root {
  name: string;
  writable: boolean;
}

export function rootsQuery(machine: string) {
  return queryOptions({
    queryKey: ["machines", "one", machine, "roots"],
    queryFn: async ({ signal }) => {
      const answer = await fetch(`${apiBase}/machines/${machine}/roots`, { credentials: "same-origin", signal });
      if (!answer.ok) throw new ProblemError(await readProblem(answer));
      return ((await answer.json()) as { items: Root[] }).items;
    },
    staleTime: 60_000,
  });
}

export function useRoots(machine: string): Root[] | undefined {
  return useQuery(rootsQuery(machine)).data;
}
