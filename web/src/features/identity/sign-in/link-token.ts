// One-time links carry their token after "#", which browsers never send to a server. It is read once
// and taken out of the address bar, so that it does not stay in the history or in a screenshot.
import { useEffect, useState } from "react";

export function useLinkToken(): string | null {
  const [token] = useState(() => new URLSearchParams(location.hash.slice(1)).get("token"));
  useEffect(() => {
    if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
  }, []);
  return token;
}
