// The small part of Markdown that descriptions use. It becomes data, never HTML, so nothing in it can run.

export type Inline =
  | { kind: "text" | "code" | "strong" | "em"; text: string }
  | { kind: "link"; text: string; to: string };

export type Block =
  | { kind: "paragraph" | "heading"; parts: Inline[] }
  | { kind: "list"; ordered: boolean; items: Inline[][] }
  | { kind: "code"; text: string };

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.replaceAll("\r\n", "\n").split("\n");
  let at = 0;
  const take = (fits: (line: string) => boolean) => {
    const start = at;
    while (at < lines.length && fits(lines[at] ?? "")) at += 1;
    return lines.slice(start, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (!line.trim()) at += 1;
    else if (/^```/.test(line)) {
      at += 1;
      blocks.push({ kind: "code", text: take((one) => !/^```/.test(one)).join("\n") });
      at += 1;
    } else if (/^#{1,6} /.test(line)) {
      at += 1;
      blocks.push({ kind: "heading", parts: inlinesOf(line.replace(/^#+ /, "")) });
    } else if (item.test(line)) blocks.push(list(take((one) => item.test(one) || /^\s+\S/.test(one))));
    else {
      const text = take((one) => one.trim() !== "" && !/^(```|#{1,6} )/.test(one) && !item.test(one));
      blocks.push({ kind: "paragraph", parts: inlinesOf(text.map((one) => one.trim()).join(" ")) });
    }
  }
  return blocks;
}

const item = /^\s*([-*]|\d+\.) +/;

function list(lines: string[]): Block {
  const items: string[] = [];
  for (const line of lines) {
    if (item.test(line)) items.push(line.replace(item, ""));
    else items.push(`${items.pop() ?? ""} ${line.trim()}`);
  }
  return { kind: "list", ordered: /^\s*\d/.test(lines[0] ?? ""), items: items.map(inlinesOf) };
}

const marks = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

export function inlinesOf(text: string): Inline[] {
  const parts: Inline[] = [];
  let end = 0;
  for (const found of text.matchAll(marks)) {
    if (found.index > end) parts.push({ kind: "text", text: text.slice(end, found.index) });
    end = found.index + found[0].length;
    const [whole, code, strong, em, label, to] = found;
    if (code) parts.push({ kind: "code", text: code });
    else if (strong) parts.push({ kind: "strong", text: strong });
    else if (em) parts.push({ kind: "em", text: em });
    else if (label && to && isSafe(to)) parts.push({ kind: "link", text: label, to });
    else parts.push({ kind: "text", text: label ?? whole });
  }
  if (end < text.length) parts.push({ kind: "text", text: text.slice(end) });
  return parts;
}

/** Pages and places on this one; nothing that would run. */
function isSafe(to: string): boolean {
  return /^(https?:\/\/|mailto:|#|\/(?![/\\]))/i.test(to);
}
