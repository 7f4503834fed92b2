// Which find is shown, of how many, and the way to the others.
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { useProblemText } from "@/ui/problem";
import type { Finds } from "./finds";

export function Matches({ finds }: { finds: Finds }) {
  const { t } = useTranslation();
  const format = useFormat();
  const told = useProblemText();
  const { at, line, count, hasMore, isLooking, error, go } = finds;
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-1.5 text-sm">
      <p role="status" className="me-auto text-muted">
        {error && <span className="text-danger">{told(error)} </span>}
        {line === null && !error && t(isLooking ? "common.loading" : "jobs.log.nothing_found")}
        {line !== null &&
          t(hasMore ? "jobs.log.match_of_more" : "jobs.log.match", {
            at: format.number(at),
            all: format.number(count),
            line: format.number(line),
          })}
      </p>
      {count > 1 && (
        <span className="flex gap-1">
          <Button
            size="sm"
            look="quiet"
            // It keeps the focus of whoever came back to the first one by it.
            aria-disabled={(hasMore && at === 1) || undefined}
            className="aria-disabled:cursor-not-allowed aria-disabled:opacity-55"
            onClick={() => go(-1)}
          >
            {t("jobs.log.previous")}
          </Button>
          <Button size="sm" look="quiet" onClick={() => go(1)}>
            {t("jobs.log.next")}
          </Button>
        </span>
      )}
    </div>
  );
}
