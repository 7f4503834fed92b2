// Where in a log a text was found: asked of the server part by part, and gone to one by one.
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { OutputChannel, OutputMatches } from "../api";
import { searchLog } from "../calls";
import type { JobLog, Shown } from "./job-log";
import type { LogOf } from "./use-log";

/** So many finds are asked for at once. */
const ENOUGH = 100;

interface Place {
  channel: OutputChannel;
  from: number;
  line: number;
}

/** First all of the output, then all of the errors, or only one of them. */
function findsQuery({ job, attempt }: LogOf, text: string, where: Shown) {
  const first: Place = { channel: where === 2 ? "errors" : "output", from: 0, line: 1 };
  return infiniteQueryOptions({
    queryKey: ["job-log-search", job, attempt, text, where],
    queryFn: ({ pageParam, signal }) => searchLog(job, { attempt, text, ...pageParam }, signal),
    initialPageParam: first,
    getNextPageParam: ({ next_from, next_line }: OutputMatches, _, { channel }): Place | undefined => {
      if (next_from !== null) return { channel, from: next_from, line: next_line ?? 1 };
      return where === "both" && channel === "output" ? { channel: "errors", from: 0, line: 1 } : undefined;
    },
    select: ({ pages }) => pages.flatMap(({ matches }) => matches),
    enabled: text !== "",
    retry: false,
    staleTime: 0,
    gcTime: 0,
  });
}

export interface Finds {
  /** The number of the one that is shown, from 1 on, and its line. */
  at: number;
  line: number | null;
  /** How many are known, and whether there may be more. */
  count: number;
  hasMore: boolean;
  isLooking: boolean;
  error: Error | null;
  /** Goes to the next one or the one before; behind the last comes the first. */
  go: (by: 1 | -1) => void;
}

/** Where somebody comes to. Which is the last is known only when there are no more: nobody goes round before that. */
export function stepped(at: number, by: 1 | -1, count: number, hasMore: boolean): number {
  if (hasMore) return Math.min(Math.max(at + by, 0), count - 1);
  return (at + by + count) % count;
}

/** Looks for a text in the channels that somebody wants to see, and shows each find in the log. */
export function useFinds(of: LogOf, text: string, where: Shown, log: JobLog): Finds {
  const question = `${where} ${text}`;
  const [shown, setShown] = useState({ question, at: 0 });
  const at = shown.question === question ? shown.at : 0;
  const found = useInfiniteQuery(findsQuery(of, text, where));
  const { data: matches = [], hasNextPage, isFetching, fetchNextPage } = found;

  // A few are no answer yet while there is more to look through, and nobody goes beyond what is known.
  const isMissing = (matches.length < ENOUGH || at >= matches.length - 1) && hasNextPage && !isFetching && !found.error;
  useEffect(() => {
    if (isMissing) void fetchNextPage();
  }, [isMissing, fetchNextPage]);
  const match = text === "" ? undefined : matches[at];
  const [channel, offset] = [match?.channel, match?.offset];
  useEffect(() => {
    if (channel !== undefined && offset !== undefined) void log.jump(channel === "errors" ? 2 : 1, offset);
  }, [log, channel, offset]);

  return {
    at: at + 1,
    line: match?.line ?? null,
    count: matches.length,
    hasMore: hasNextPage,
    isLooking: isFetching || hasNextPage,
    error: found.error,
    go: (by) => {
      if (matches.length === 0) return;
      setShown({ question, at: stepped(at, by, matches.length, hasNextPage) });
    },
  };
}
