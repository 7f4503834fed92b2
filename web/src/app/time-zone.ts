// The person's time zone, for every date on the screen; the browser's own until they are known.
import { createContext, use } from "react";

export const TimeZoneContext = createContext<string | undefined>(undefined);

export function useTimeZone(): string | undefined {
  return use(TimeZoneContext);
}

export function browserTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
