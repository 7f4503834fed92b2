// What a program says, as it says it. Always left to right and always dark, as terminals are.
import { memo, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { apiBase } from "@/api/client";
import type { Command } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Choice } from "@/ui/choice";
import { cx } from "@/ui/cx";
import { DownloadOutput } from "./download-output";
import { drawn, type Look } from "./look";
import { SearchOutput } from "./search-output";
import type { Block, Line } from "./transcript";
import { useFollow } from "./use-follow";

type Shown = "both" | "output" | "errors";

export function OutputView({ command }: { command: Command }) {
  const { t } = useTranslation();
  const follow = useFollow(command);
  const [shown, setShown] = useState<Shown>("both");
  return (
    <div className="min-w-0">
      <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <Choice
          label={t("commands.output.which")}
          value={shown}
          options={[
            { value: "both", label: t("commands.output.both") },
            { value: "output", label: t("commands.output.output") },
            { value: "errors", label: t("commands.output.errors") },
          ]}
          onChange={setShown}
        />
        {!command.output_deleted_at && (
          <DownloadOutput
            address={(channel) => `${apiBase}/commands/${command.id}/output/download?channel=${channel}`}
            output={command.output_bytes}
            errors={command.error_bytes}
          />
        )}
      </div>
      <SearchOutput command={command} channels={shown === "both" ? ["output", "errors"] : [shown]} />
      <Panel
        blocks={follow?.sink.blocks ?? []}
        version={follow?.version ?? 0}
        dropped={follow?.sink.dropped ?? 0}
        omitted={follow ? follow.omitted[0] + follow.omitted[1] : 0}
        shown={shown}
        silence={silence(command, follow?.state === "over")}
      />
      {(follow?.state === "waiting" || follow?.state === "broken") && (
        <p role="status" className="mt-2 text-sm text-warn">
          {t(`commands.output.${follow.state}`)}
        </p>
      )}
    </div>
  );
}

function silence(command: Command, isOver: boolean): "nothing" | "not_yet" | null {
  if (command.output_bytes + command.error_bytes > 0) return null;
  return isOver || command.ended_at ? "nothing" : "not_yet";
}

interface PanelProps {
  blocks: Block[];
  version: number;
  dropped: number;
  omitted: number;
  shown: Shown;
  silence: "nothing" | "not_yet" | null;
}

function Panel({ blocks, version, dropped, omitted, shown, silence }: PanelProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const panel = useRef<HTMLElement>(null);
  const isAtEnd = useRef(true);

  // Who reads further up is left there.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that there is more to see.
  useLayoutEffect(() => {
    if (isAtEnd.current && panel.current) panel.current.scrollTop = panel.current.scrollHeight;
  }, [version, shown]);

  function onScroll() {
    const it = panel.current;
    if (it) isAtEnd.current = it.scrollHeight - it.scrollTop - it.clientHeight < 24;
  }

  return (
    <section
      ref={panel}
      dir="ltr"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label={t("commands.output.title")}
      onScroll={onScroll}
      className="max-h-[60vh] min-h-24 overflow-auto rounded-md border border-line bg-[#14161c] py-3 font-mono text-sm text-[#e6e8ee]"
    >
      {(omitted > 0 || dropped > 0) && (
        <p dir="auto" className="px-4 pb-2 font-sans text-[#b9bdca]">
          {omitted > 0
            ? t("commands.output.omitted", { size: format.bytes(omitted) })
            : t("commands.output.dropped", { count: dropped })}
        </p>
      )}
      {silence && (
        <p dir="auto" className="px-4 font-sans text-[#b9bdca]">
          {t(`commands.output.${silence}`)}
        </p>
      )}
      {blocks.map((block) => (
        <BlockLines key={block.id} block={block} version={block.version} shown={shown} />
      ))}
    </section>
  );
}

/** Drawn anew only when its version changes, which is all that the comparison sees. */
const BlockLines = memo(function BlockLines({ block, shown }: { block: Block; version: number; shown: Shown }) {
  const { t } = useTranslation();
  const lines = block.lines.filter(({ channel }) => shown === "both" || (channel === 2) === (shown === "errors"));
  return (
    <div>
      {lines.map((line) => (
        <LineText key={line.id} line={line} errorWord={t("commands.output.error_line")} />
      ))}
    </div>
  );
});

function LineText({ line, errorWord }: { line: Line; errorWord: string }) {
  const isError = line.channel === 2;
  return (
    <div
      className={cx(
        "min-h-[1.5em] border-s-3 ps-3 pe-4 whitespace-pre-wrap wrap-anywhere [tab-size:8]",
        isError ? "border-[#f07178] bg-[#f07178]/10" : "border-transparent",
      )}
    >
      {isError && <span className="sr-only">{errorWord} </span>}
      {line.spans.map((span, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line have nothing else to be told apart by.
        <span key={at} {...lookOf(span.look)}>
          {span.text}
        </span>
      ))}
    </div>
  );
}

function lookOf(look: Look) {
  const { color, background } = drawn(look);
  const className = cx(
    look.bold && "font-semibold",
    look.dim && "opacity-80",
    look.italic && "italic",
    look.underline && "underline",
    look.strike && "line-through",
  );
  return { ...(className ? { className } : {}), ...(color || background ? { style: { color, background } } : {}) };
}
