import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import { useCan } from "@/app/me";

const ALL = 200;

/** The newest signed checkpoint of the audit log. */
export function useLastSeal() {
  return useQuery({
    queryKey: ["audit", "checkpoints", "last"],
    queryFn: async ({ signal }) => {
      const { items } = await unwrap(api.GET("/audit/checkpoints", { params: { query: { limit: 1 } }, signal }));
      return items[0] ?? null;
    },
    enabled: useCan("audit.read"),
  });
}

/** How many people have a second factor. Null where there are too many people to ask about in one go. */
export function useSecondFactors() {
  return useQuery({
    queryKey: ["users", "second-factors"],
    queryFn: async ({ signal }) => {
      const query = { limit: ALL, status: "active" } as const;
      const { items, next_cursor } = await unwrap(api.GET("/users", { params: { query }, signal }));
      if (next_cursor) return null;
      return { people: items.length, protectedPeople: items.filter((one) => one.two_factor).length };
    },
    enabled: useCan("users.read"),
  });
}

/** The invitations of the last while that nobody has answered. */
export function usePendingInvitations() {
  return useQuery({
    queryKey: ["invitations", "pending"],
    queryFn: async ({ signal }) => {
      const { items } = await unwrap(api.GET("/invitations", { params: { query: { limit: ALL } }, signal }));
      return items.filter((one) => one.status === "pending").length;
    },
    enabled: useCan("invitations.manage"),
  });
}
