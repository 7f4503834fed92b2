import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import { useCan } from "@/app/me";

const DAY_MS = 86_400_000;

/** How many suspicious activities were seen within a day. */
export function useSuspiciousToday() {
  return useQuery({
    queryKey: ["audit", "suspicious", "today"],
    queryFn: async ({ signal }) => {
      const { items } = await unwrap(api.GET("/audit/suspicious", { params: { query: { limit: 200 } }, signal }));
      return items.filter(({ last_at }) => Date.now() - Date.parse(last_at) < DAY_MS).length;
    },
    enabled: useCan("audit.read"),
  });
}
