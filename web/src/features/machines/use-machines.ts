import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { api, unwrap } from "@/api/client";
import type { MachineSample } from "@/api/types";
import { hear } from "@/live/announce";

/** Fetches anew whatever the screens of the fleet show, after something was done. */
export function useRefresh() {
  const queries = useQueryClient();
  return useCallback(() => queries.invalidateQueries({ queryKey: ["machines"] }), [queries]);
}

/** A watch lasts half a minute. */
const RENEWED_MS = 20_000;

/** Watches machines while their page is in sight: they report every two seconds then, to whoever watches. */
export function useWatch(ids: string[], tell: (id: string, sample: MachineSample) => void) {
  const all = ids.join(" ");
  useEffect(() => {
    const wanted = new Set(all.split(" ").filter(Boolean));
    const stop = hear("machine.sample", (data) => {
      const { id, sample } = data as { id: string; sample: MachineSample };
      if (wanted.has(id)) tell(id, sample);
    });
    const watch = () => {
      if (document.hidden) return;
      for (const id of wanted) {
        // One that cannot be watched now is there with what is known of it.
        unwrap(api.POST("/machines/{id}/watch", { params: { path: { id } } })).then(
          ({ sample }) => sample && tell(id, sample),
          () => {},
        );
      }
    };
    watch();
    const timer = setInterval(watch, RENEWED_MS);
    document.addEventListener("visibilitychange", watch);
    return () => {
      stop();
      clearInterval(timer);
      document.removeEventListener("visibilitychange", watch);
    };
  }, [all, tell]);
}

/** How watched machines are doing now, by id. */
export function useNewest(ids: string[]): Map<string, MachineSample> {
  const [newest, setNewest] = useState(() => new Map<string, MachineSample>());
  const tell = useCallback(
    (id: string, sample: MachineSample) => setNewest((before) => new Map(before).set(id, sample)),
    [],
  );
  useWatch(ids, tell);
  return newest;
}

/** A moment that goes on, for what counts down. */
export function useNow(everyMs: number, isNeeded = true): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isNeeded) return undefined;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, isNeeded]);
  return now;
}

/** A name of a machine or another technical word in the middle of a sentence of either direction. */
export function isolated(name: string): string {
  return `\u2066${name}\u2069`;
}

/** What people are called or call something: it has its own direction. */
export function isolatedName(name: string): string {
  return `\u2068${name}\u2069`;
}
