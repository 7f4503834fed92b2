import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useCan, useMe } from "@/app/me";
import type { Job } from "./api";

/** Fetches anew whatever the screens about jobs show, after something was done. */
export function useRefresh() {
  const queries = useQueryClient();
  return useCallback(() => queries.invalidateQueries({ queryKey: ["jobs"] }), [queries]);
}

/** Whether this person may stop, repeat or change it: their own, or of all. */
export function useMayChange(owner: Job["owner"]): boolean {
  return useWhoseMayChange()(owner);
}

/** The same, of one owner after the other. */
export function useWhoseMayChange(): (owner: Job["owner"]) => boolean {
  const mayRun = useCan("jobs.run");
  const mayManage = useCan("jobs.manage");
  const { user } = useMe();
  return (owner) => mayManage || (mayRun && (owner.user_id ?? owner.id) === user.id);
}
