// Texts of the document, which are in English whatever language the page speaks. On an Arabic page they keep their
// own direction and stand at the edge where their neighbours stand.
import type { ReactNode } from "react";
import { cx } from "@/ui/cx";
import { type Block, blocksOf, type Inline, inlinesOf } from "./markdown";

interface TextProps {
  text: string;
  className?: string;
}

/** A sentence or two, in one paragraph. */
export function EnglishLine({ text, className }: TextProps) {
  return (
    <p dir="ltr" lang="en" className={cx("rtl:text-end", className)}>
      <Inlines parts={inlinesOf(text)} />
    </p>
  );
}

export function English({ text, className }: TextProps) {
  return (
    <div dir="ltr" lang="en" className={cx("grid max-w-prose gap-3", className)}>
      {blocksOf(text).map((block) => (
        <OneBlock key={JSON.stringify(block)} block={block} />
      ))}
    </div>
  );
}

function OneBlock({ block }: { block: Block }) {
  switch (block.kind) {
    case "paragraph":
      return (
        <p>
          <Inlines parts={block.parts} />
        </p>
      );
    case "heading":
      return (
        <p className="font-medium">
          <Inlines parts={block.parts} />
        </p>
      );
    case "code":
      return <pre className="rounded-md bg-raised p-3 font-mono text-xs whitespace-pre-wrap">{block.text}</pre>;
    case "list": {
      const items = block.items.map((parts) => (
        <li key={JSON.stringify(parts)}>
          <Inlines parts={parts} />
        </li>
      ));
      return block.ordered ? (
        <ol className="list-decimal ps-5">{items}</ol>
      ) : (
        <ul className="list-disc ps-5">{items}</ul>
      );
    }
  }
}

function Inlines({ parts }: { parts: Inline[] }) {
  return parts.map((part, at) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change places
    return <OneInline key={at} part={part} />;
  });
}

function OneInline({ part }: { part: Inline }): ReactNode {
  switch (part.kind) {
    case "code":
      return <Code>{part.text}</Code>;
    case "strong":
      return <strong className="font-medium text-ink">{part.text}</strong>;
    case "em":
      return <em>{part.text}</em>;
    case "link":
      return (
        <a href={part.to} className="text-accent underline underline-offset-2">
          {part.text}
        </a>
      );
    default:
      return part.text;
  }
}

export function Code({ children }: { children: ReactNode }) {
  return <code className="rounded-sm bg-raised px-1 py-0.5 font-mono text-[0.92em] wrap-anywhere">{children}</code>;
}
