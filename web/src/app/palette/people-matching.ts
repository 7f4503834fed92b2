import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";

export function peopleMatching(search: string) {
  return queryOptions({
    queryKey: ["users", "palette", search],
    queryFn: async ({ signal }) => {
      const page = await unwrap(api.GET("/users", { params: { query: { search, limit: 6 } }, signal }));
      return page.items;
    },
    placeholderData: (before) => before,
  });
}
