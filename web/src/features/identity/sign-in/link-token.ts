// One-time links carry their token after "#", which browsers never send to a server. It is read once
// and taken out of the address bar, so that it does not stay in the history or in a screenshot.
import { useEffect, useState } from "react";
import type { Challenge } from "./finish";

export function useLinkToken(): string | null {
  return useAfterHash((told) => told.get("token"));
}

/** A sign-in through an outside provider that still needs a second factor comes back with its challenge. */
export function useArrivingChallenge(): Challenge | null {
  return useAfterHash((told) => {
    const challenge = told.get("challenge");
    const methods = (told.get("methods") ?? "").split(",") as Challenge["methods"];
    return challenge ? { status: "second_factor_required", challenge, methods } : null;
  });
}

function useAfterHash<T>(read: (told: URLSearchParams) => T): T {
  const [told] = useState(() => read(new URLSearchParams(location.hash.slice(1))));
  useEffect(() => {
    if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
  }, []);
  return told;
}
