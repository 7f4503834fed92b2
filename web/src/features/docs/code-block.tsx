// Code to read and to copy. Long lines wrap, so that nothing has to be scrolled sideways.
import type { ReactNode } from "react";
import { CopyButton } from "@/ui/copy-button";
import { cx } from "@/ui/cx";

interface CodeBlockProps {
  text: string;
  /** What stands above it on the left: its name, or a choice of languages. */
  heading: ReactNode;
  className?: string;
}

export function CodeBlock({ text, heading, className }: CodeBlockProps) {
  return (
    <div className={cx("overflow-hidden rounded-md border border-line bg-bg", className)}>
      <div className="flex min-h-10 flex-wrap items-center justify-between gap-2 border-b border-line ps-3 text-xs text-muted">
        <div className="min-w-0 py-1">{heading}</div>
        <CopyButton text={text} />
      </div>
      <Coloured text={text} className="p-3" />
    </div>
  );
}

const LONGEST_COLOURED = 60_000;

export function Coloured({ text, className }: { text: string; className?: string }) {
  return (
    <pre dir="ltr" className={cx("font-mono text-xs leading-5 wrap-anywhere whitespace-pre-wrap text-ink", className)}>
      <code>{text.length > LONGEST_COLOURED ? text : pieces(text)}</code>
    </pre>
  );
}

const tokens =
  /("(?:[^"\\\n]|\\.)*")(\s*:)?|('(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)|(^\s*(?:\/\/|#).*$)|\b(true|false|null|const|await|for|in|import|from|with|as|if|else)\b|(-?\b\d+(?:\.\d+)?\b)/gm;

/** Enough of a grammar for JSON, shell, JavaScript and Python: names, texts, words, numbers. */
function pieces(text: string): ReactNode[] {
  const result: ReactNode[] = [];
  let end = 0;
  for (const found of text.matchAll(tokens)) {
    if (found.index > end) result.push(text.slice(end, found.index));
    end = found.index + found[0].length;
    const [whole, quoted, colon, other, comment, word] = found;
    const look = quoted
      ? colon
        ? "text-accent"
        : "text-ok"
      : other
        ? "text-ok"
        : comment
          ? "text-faint"
          : word
            ? "text-danger"
            : "text-warn";
    result.push(
      <span key={found.index} className={look}>
        {whole}
      </span>,
    );
  }
  result.push(text.slice(end));
  return result;
}
