import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { api, unwrap } from "@/api/client";

/** Ends the session on the server first; only then is everything it told us forgotten. */
export function useSignOut() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useCallback(async () => {
    await unwrap(api.POST("/auth/sign-out"));
    await navigate({ to: "/sign-in" });
    queries.clear();
  }, [queries, navigate]);
}
