import { queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, unwrap } from "@/api/client";
import type { CommandOperation, Machine } from "@/api/types";
import { isThere } from "../state";

const PAUSE_MS = 400;

/** What stands still for a moment, so that not every letter becomes a question. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(text) as T), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** Under another policy the answer may be another, so its hash is part of the question. */
export function verdictQuery({ id, policy_hash }: Machine, operation: CommandOperation | null) {
  return queryOptions({
    queryKey: ["policy-verdict", id, policy_hash, operation],
    queryFn: ({ signal }) => {
      if (!operation) throw new Error("there is nothing to be judged");
      return unwrap(api.POST("/machines/{id}/check", { params: { path: { id } }, body: { operation }, signal }));
    },
    staleTime: 30_000,
    retry: false,
  });
}

export function useVerdict(machine: Machine, operation: CommandOperation | null) {
  const settled = useSettled(operation);
  const verdict = useQuery({ ...verdictQuery(machine, settled), enabled: settled !== null && isThere(machine) });
  const isOld = JSON.stringify(settled) !== JSON.stringify(operation);
  return { verdict: isOld || settled === null ? undefined : verdict.data, error: isOld ? null : verdict.error, isOld };
}
