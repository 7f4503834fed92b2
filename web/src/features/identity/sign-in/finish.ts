// What follows a successful sign-in, whichever way it happened.
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useCallback } from "react";
import { meQuery } from "@/api/queries";
import type { SignInResult } from "@/api/types";
import { safeReturnTo } from "@/app/return-to";

export type Challenge = Extract<SignInResult, { status: "second_factor_required" }>;

/** Goes on into the dashboard, or hands back the challenge when a second factor is still missing. */
export function useFinishSignIn(returnTo?: string) {
  const queries = useQueryClient();
  const router = useRouter();
  return useCallback(
    async (result: SignInResult): Promise<Challenge | null> => {
      if (result.status === "second_factor_required") return result;
      queries.clear();
      await queries.fetchQuery(meQuery);
      router.history.replace(safeReturnTo(returnTo));
      return null;
    },
    [queries, router, returnTo],
  );
}
