// Where in a log a text was found: asked of the server part by part, and gone to one by one.
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { useProblemText } from "@/ui/problem";
import type { OutputChannel, OutputMatches } from "../api";
import { searchOutput } from "../calls";
import type { JobLog, Shown } from "./job-log";

/** So many finds are asked for at once. */
const ENOUGH = 100;

interface Place {
  channel: OutputChannel;
  from: number;
  line: number;
}

/** First all of the output, then all of the errors, or that one which is shown. */
function matchesQuery(command: string, text: string, shown: Shown) {
  const first: Place = { channel: shown === 2 ? "errors" : "output", from: 0, line: 1 };
  return infiniteQueryOptions({
    queryKey: ["command-output-search", command, text, shown],
    queryFn: ({ pageParam, signal }) => searchOutput(command, { text, ...pageParam }, signal),
    initialPageParam: first,
    getNextPageParam: ({ next_from, next_line }: OutputMatches, _, { channel }): Place | undefined => {
      if (next_from !== null) return { channel, from: next_from, line: next_line ?? 1 };
      return shown === "both" && channel === "output" ? { channel: "errors", from: 0, line: 1 } : undefined;
    },
    select: ({ pages }) => pages.flatMap(({ matches }) => matches),
    retry: false,
    staleTime: 0,
  });
}

export function Matches({ command, text, log }: { command: string; text: string; log: JobLog }) {
  const { t } = useTranslation();
  const format = useFormat();
  const told = useProblemText();
  // Going to a find shows its channel alone; what was looked through stays.
  const [shown] = useState(log.shown);
  const [at, setAt] = useState(0);
  const found = useInfiniteQuery(matchesQuery(command, text, shown));
  const { data: matches = [], hasNextPage, isFetching, fetchNextPage } = found;
  const match = matches[at];

  // A few are no answer yet while there is more to look through.
  const isMissing = matches.length < ENOUGH && hasNextPage && !isFetching && !found.error;
  useEffect(() => {
    if (isMissing) void fetchNextPage();
  }, [isMissing, fetchNextPage]);
  const [channel, offset] = [match?.channel, match?.offset];
  useEffect(() => {
    if (channel !== undefined && offset !== undefined) void log.jump(channel === "errors" ? 2 : 1, offset);
  }, [log, channel, offset]);

  const isLast = at === matches.length - 1;
  const next = () => setAt(isLast && !hasNextPage ? 0 : at + 1);
  const previous = () => setAt(at === 0 ? matches.length - 1 : at - 1);
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-1.5 text-sm">
      <p role="status" className="me-auto text-muted">
        {!match && (found.isPending || isFetching || hasNextPage) && t("common.loading")}
        {found.error && <span className="text-danger">{told(found.error)}</span>}
        {found.data && !match && !hasNextPage && t("jobs.log.nothing_found")}
        {match &&
          t(hasNextPage ? "jobs.log.match_of_more" : "jobs.log.match", {
            at: format.number(at + 1),
            all: format.number(matches.length),
            line: format.number(match.line),
          })}
      </p>
      {(matches.length > 1 || hasNextPage) && match && (
        <span className="flex gap-1">
          <Button size="sm" look="quiet" onClick={previous}>
            {t("jobs.log.previous")}
          </Button>
          <Button size="sm" look="quiet" onClick={next}>
            {t("jobs.log.next")}
          </Button>
        </span>
      )}
    </div>
  );
}
