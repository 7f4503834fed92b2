import { useSyncExternalStore } from "react";
import { useFormat } from "@/i18n/format";

const OFTEN_MS = 15_000;
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for all moments on a page, however many there are. */
function watchClock(watcher: () => void) {
  watchers.add(watcher);
  timer ??= setInterval(() => {
    for (const one of watchers) one();
  }, OFTEN_MS);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** How far away a moment is, for as long as it is shown; what is drawn anew is only what reads differently. */
export function useAgo(at: string): string {
  const format = useFormat();
  return useSyncExternalStore(watchClock, () => format.ago(at));
}

/** A moment told as people say it, with the exact time on hover and in the markup. */
export function Ago({ at }: { at: string }) {
  const format = useFormat();
  const ago = useAgo(at);
  return (
    // That time goes by is not announced, wherever it stands.
    <time dateTime={at} title={format.exact(at)} aria-live="off" className="whitespace-nowrap">
      {ago}
    </time>
  );
}

export function Moment({ at }: { at: string }) {
  const format = useFormat();
  return (
    <time dateTime={at} title={format.exact(at)} className="whitespace-nowrap">
      {format.moment(at)}
    </time>
  );
}
