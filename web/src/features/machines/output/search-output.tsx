// Lines of the output with a text in them. The server looks: what is shown on the page may be a part only.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { pagedQuery } from "@/api/queries";
import type { Command } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { LoadMore } from "@/ui/load-more";
import { useProblemText } from "@/ui/problem";
import { SearchField } from "@/ui/search-field";

type Said = "output" | "errors";

export function SearchOutput({ command, channels }: { command: Command; channels: Said[] }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  if (command.output_deleted_at || command.output_bytes + command.error_bytes === 0) return null;
  return (
    <div className="mb-2">
      <SearchField label={t("commands.output.search")} value={text} onChange={setText} className="max-w-md" />
      {text !== "" &&
        channels.map((channel) => <Matches key={channel} command={command} channel={channel} text={text} />)}
    </div>
  );
}

function Matches({ command, channel, text }: { command: Command; channel: Said; text: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const told = useProblemText();
  const query = useInfiniteQuery(matchesQuery(command.id, channel, text));
  if (query.isPending) return null;
  if (query.isError) return <p role="alert">{told(query.error)}</p>;
  return (
    <section aria-label={t(`commands.output.${channel}`)} className="mt-2 rounded-md border border-line">
      <h3 className="px-3 pt-2 text-sm font-medium">{t(`commands.output.${channel}`)}</h3>
      {query.data.length === 0 && !query.hasNextPage && (
        <p role="status" className="px-3 pb-2 text-sm text-muted">
          {t("commands.output.not_found")}
        </p>
      )}
      <ol
        dir="ltr"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
        className="max-h-72 overflow-auto px-3 pb-2 font-mono text-sm"
      >
        {query.data.map(({ offset, line, text: shown }) => (
          <li key={offset} className="flex gap-3">
            <span className="min-w-12 shrink-0 text-end text-faint">{format.number(line)}</span>
            <span className="whitespace-pre-wrap wrap-anywhere">{shown}</span>
          </li>
        ))}
      </ol>
      <LoadMore query={query} />
    </section>
  );
}

/** A page goes on where the one before stopped: at a place, in the line of a number. */
function matchesQuery(id: string, channel: Said, text: string) {
  return pagedQuery(["command-output", id, "search", channel, text], async (cursor, signal) => {
    const [from, line] = cursor?.split(":").map(Number) ?? [];
    const query = { text, channel, from, line, ignore_case: true };
    const params = { path: { id }, query };
    const found = await unwrap(api.GET("/commands/{id}/output/search", { params, signal }));
    const rest = found.next_from == null ? null : `${found.next_from}:${found.next_line}`;
    return { items: found.matches, next_cursor: rest };
  });
}
