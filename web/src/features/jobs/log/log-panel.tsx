// The lines of a log, of which only those in sight are drawn. Always left to right and always dark, as terminals are.
import { memo, type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { drawn, type Look } from "@/features/machines/output/look";
import { cx } from "@/ui/cx";
import { marked } from "./highlight";
import type { JobLog } from "./job-log";
import { height, lineAt, lineOf, rowsOf } from "./rows";
import type { LogLine } from "./window";

const ROW = 20;
/** Rows beyond the edges that are drawn too, so that nothing flashes while one scrolls. */
const SPARE = 30;
const NEAR_EDGE = 200;

interface LogPanelProps {
  log: JobLog;
  version: number;
  isWrapped: boolean;
  /** What is looked for, to be marked wherever it is in sight. */
  sought: string;
  /** Said where there are no lines. */
  silence: string | null;
}

export function LogPanel({ log, version, isWrapped, sought, silence }: LogPanelProps) {
  const { t } = useTranslation();
  const panel = useRef<HTMLElement>(null);
  const ruler = useRef<HTMLSpanElement>(null);
  const size = useSize(panel, ruler);
  const [top, setTop] = useState(0);
  const columns = isWrapped ? Math.max(20, size.columns) : Number.POSITIVE_INFINITY;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that there are others.
  const lines = useMemo(() => log.lines(), [log, version]);
  const rows = useMemo(() => rowsOf(lines, columns), [lines, columns]);
  const all = (rows[lines.length] ?? 0) * ROW;
  const first = Math.max(0, lineAt(rows, top / ROW - SPARE));
  const last = Math.min(lines.length, lineAt(rows, (top + size.height) / ROW + SPARE) + 1);
  const widest = isWrapped ? 0 : lines.slice(first, last).reduce((most, line) => Math.max(most, line.cells), 0);
  const target = log.target ? log.find(lines, log.target) : -1;
  const anchor = useRef<{ order: number; offset: number } | null>(null);
  const jumped = useRef<typeof log.target>(null);

  // What was in sight stays where it is, whatever comes before it or goes; the end stays in sight while it is followed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is for each change of the lines anew.
  useLayoutEffect(() => {
    const it = panel.current;
    if (!it) return;
    if (log.target && log.target !== jumped.current && target >= 0) {
      jumped.current = log.target;
      it.scrollTop = Math.max(0, (rows[target] ?? 0) * ROW - it.clientHeight / 3);
    } else if (log.isFollowing) it.scrollTop = it.scrollHeight;
    else if (anchor.current) {
      const at = lineOf(lines, anchor.current.order);
      it.scrollTop = (rows[at] ?? 0) * ROW + anchor.current.offset;
    }
    setTop(it.scrollTop);
  }, [rows, version, size.height]);

  const look = useCallback(() => {
    const it = panel.current;
    if (!it) return;
    setTop(it.scrollTop);
    // Of another size, it is not somebody who scrolled; what follows from it comes with the new size.
    if (it.clientHeight !== size.height) return;
    const at = lineAt(rows, it.scrollTop / ROW);
    anchor.current = lines[at] ? { order: lines[at].order, offset: it.scrollTop - (rows[at] ?? 0) * ROW } : null;
    const below = it.scrollHeight - it.scrollTop - it.clientHeight;
    if (below > ROW * 1.5) log.pause();
    else if (!log.isFollowing && !log.hasLater && !log.busy) log.toEnd();
    if (it.scrollTop < NEAR_EDGE && !log.isFollowing) void log.earlier();
    if (below < NEAR_EDGE && log.hasLater) void log.later();
  }, [log, lines, rows, size.height]);

  return (
    <section
      ref={panel}
      dir="ltr"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label={t("commands.output.title")}
      onScroll={look}
      className="relative max-h-[min(60vh,40rem)] min-h-24 overflow-auto py-2 overscroll-contain bg-[#14161c] font-mono text-sm/5 text-[#e6e8ee] [overflow-anchor:none]"
    >
      <span ref={ruler} aria-hidden="true" className="invisible absolute block whitespace-pre">
        {"0".repeat(50)}
      </span>
      {silence && lines.length === 0 ? (
        <p dir="auto" className="px-4 py-3 font-sans text-[#b9bdca]">
          {silence}
        </p>
      ) : (
        // Its height counts at once, also where app.css makes changes of all things take a moment.
        <div
          className="relative transition-none"
          style={{ height: all, minWidth: widest ? `calc(${widest}ch + 2rem)` : undefined }}
        >
          <div className="absolute inset-x-0 transition-none" style={{ top: (rows[first] ?? 0) * ROW }}>
            {lines.slice(first, last).map((line, at) => (
              <LogRow
                key={`${line.channel}:${line.at}`}
                line={line}
                rows={height(line, columns)}
                columns={isWrapped ? columns : 0}
                sought={sought}
                isTarget={first + at === target}
                errorWord={t("commands.output.error_line")}
              />
            ))}
          </div>
        </div>
      )}
    </section>
  );
}

interface LogRowProps {
  line: LogLine;
  rows: number;
  columns: number;
  sought: string;
  isTarget: boolean;
  errorWord: string;
}

const LogRow = memo(function LogRow({ line, rows, columns, sought, isTarget, errorWord }: LogRowProps) {
  const isError = line.channel === 2;
  return (
    <div
      aria-current={isTarget || undefined}
      style={{ height: rows * ROW }}
      className={cx(
        "overflow-clip border-s-3 ps-3 transition-none",
        isTarget ? "bg-[#e8c170]/25" : isError && "bg-[#f07178]/10",
        isError ? "border-[#f07178]" : "border-transparent",
      )}
    >
      {isError && <span className="sr-only">{errorWord} </span>}
      <div
        className={columns ? "break-all whitespace-break-spaces" : "whitespace-pre"}
        style={columns ? { width: `calc(${columns}ch + 1px)` } : undefined}
      >
        {marked(line.spans, sought).map((span, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line have nothing else to be told apart by.
          <span key={at} {...lookOf(span.look, span.isFound)}>
            {span.text}
          </span>
        ))}
      </div>
    </div>
  );
});

function lookOf(look: Look, isFound: boolean) {
  const { color, background } = drawn(look);
  const className = cx(
    look.bold && "font-semibold",
    look.dim && !isFound && "opacity-80",
    look.italic && "italic",
    look.underline && "underline",
    look.strike && "line-through",
    isFound && "rounded-xs bg-[#e8c170] text-[#14161c]",
  );
  const style = !isFound && (color || background) ? { style: { color, background } } : {};
  return { ...(className ? { className } : {}), ...style };
}

/** How high the panel is, and how many signs fit side by side. */
function useSize(panel: RefObject<HTMLElement | null>, ruler: RefObject<HTMLElement | null>) {
  const [size, setSize] = useState({ height: 600, columns: 80 });
  useEffect(() => {
    const it = panel.current;
    if (!it) return undefined;
    const measure = () => {
      const sign = (ruler.current?.getBoundingClientRect().width ?? 400) / 50;
      // Beside the text: the edge, the room before it and a little behind it.
      setSize({ height: it.clientHeight, columns: Math.floor((it.clientWidth - 32) / Math.max(sign, 1)) });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(it);
    // It becomes wider or narrower when the font has come.
    if (ruler.current) observer.observe(ruler.current);
    return () => observer.disconnect();
  }, [panel, ruler]);
  return size;
}
