// The rules that a machine's owner was asked for. The key begins with the live topic of machines.
import { api, unwrap } from "@/api/client";
import { pagedQuery } from "@/api/queries";

export function ruleRequestsQuery(id: string) {
  return pagedQuery(["machines", "one", id, "rules"], (cursor, signal) =>
    unwrap(
      api.GET("/machines/{id}/rule-requests", {
        params: { path: { id }, query: { cursor, limit: 10 } },
        signal,
      }),
    ),
  );
}
