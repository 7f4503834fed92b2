import type { LinkState } from "./link";

/** What has to be said about a terminal that cannot simply be typed into; null where all is well. */
export function troubleOf(
  state: LinkState,
  /** Whether something was typed without a connection. */
  inVain: boolean,
  /** Whether the machine itself is not connected. */
  isAway: boolean,
): "broken" | "in_vain" | "lost" | "machine_away" | null {
  if (state === "broken") return "broken";
  if (state === "lost") return inVain ? "in_vain" : "lost";
  if (state === "connecting") return inVain ? "in_vain" : null;
  return state === "open" && isAway ? "machine_away" : null;
}
