import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { api, unwrap } from "@/api/client";
import { setupQuery } from "@/api/queries";
import { whileLeaving } from "@/api/session-ended";

/** Ends the session on the server first; only then is everything it told us forgotten. */
export function useSignOut() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useCallback(
    () =>
      whileLeaving(async () => {
        await unwrap(api.POST("/auth/sign-out"));
        // Nothing on the page can be sent any more: no form may hold them back.
        await navigate({ to: "/sign-in", ignoreBlocker: true });
        // The sign-in page has asked for the set-up by now and must still get its answer.
        queries.removeQueries({ predicate: (query) => query.queryKey[0] !== setupQuery.queryKey[0] });
      }),
    [queries, navigate],
  );
}
