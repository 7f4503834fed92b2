// One cache for everything the server told us. When any call says the session is over, the person signs in again.
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isSessionEnded, toProblem } from "@/api/problem";
import { sessionEnded } from "@/api/session-ended";

const onError = (error: unknown) => {
  if (isSessionEnded(error)) sessionEnded();
};

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    // A platform on this very machine answers without any network, so the browser's opinion about it does not count.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: 15_000,
      // Only trouble on the way is worth another try; a refusal stays a refusal.
      retry: (failures, error) => failures < 2 && isPassing(toProblem(error).status),
    },
  },
});

function isPassing(status: number): boolean {
  return status === 0 || status >= 502;
}
