// Splits a line into a program and its arguments as a shell would, and does nothing else that a shell does: no
// variables, no patterns, no pipes. What a shell would have acted on is named, so that nobody waits for it in vain.

export const MOST_ARGUMENTS = 64;
export const LONGEST_ARGUMENTS = 32 * 1024;

export interface SplitLine {
  argv: string[];
  fault: "open_quote" | "open_backslash" | "too_many" | "too_long" | "hidden" | null;
  /** Signs that stand outside quotes and mean something to a shell, but are taken here as they are. */
  plain: string[];
}

const BLANK = /\s/;
const SHELL_SIGNS = new Set("|&;<>()$`*?[]{}~!#");
// What has no place in an argument that people read: it hides, or turns the direction of writing.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

export function splitLine(line: string): SplitLine {
  const argv: string[] = [];
  const plain = new Set<string>();
  let word: string | null = null;
  let at = 0;
  const fail = (fault: SplitLine["fault"]) => ({
    argv: word === null ? argv : [...argv, word],
    fault,
    plain: [...plain],
  });
  while (at < line.length) {
    const sign = line[at] ?? "";
    if (BLANK.test(sign)) {
      if (word !== null) argv.push(word);
      word = null;
      at += 1;
    } else if (sign === "'" || sign === '"') {
      const quoted = sign === "'" ? single(line, at + 1) : double(line, at + 1);
      word = (word ?? "") + quoted.text;
      if (quoted.end === null) return fail("open_quote");
      at = quoted.end;
    } else if (sign === "\\") {
      if (at + 1 >= line.length) return fail("open_backslash");
      word = (word ?? "") + line[at + 1];
      at += 2;
    } else {
      if (SHELL_SIGNS.has(sign)) plain.add(sign);
      word = (word ?? "") + sign;
      at += 1;
    }
  }
  if (word !== null) argv.push(word);
  return { argv, fault: limits(argv), plain: [...plain] };
}

function single(line: string, from: number): { text: string; end: number | null } {
  const close = line.indexOf("'", from);
  return close < 0 ? { text: line.slice(from), end: null } : { text: line.slice(from, close), end: close + 1 };
}

function double(line: string, from: number): { text: string; end: number | null } {
  let text = "";
  for (let at = from; at < line.length; at += 1) {
    const sign = line[at] ?? "";
    if (sign === '"') return { text, end: at + 1 };
    const next = line[at + 1];
    if (sign === "\\" && next !== undefined && '$`"\\'.includes(next)) {
      text += next;
      at += 1;
    } else text += sign;
  }
  return { text, end: null };
}

function limits(argv: string[]): SplitLine["fault"] {
  if (argv.some((word) => HIDDEN.test(word))) return "hidden";
  if (argv.length > MOST_ARGUMENTS) return "too_many";
  const bytes = argv.reduce((sum, word) => sum + new TextEncoder().encode(word).length + 1, 0);
  return bytes > LONGEST_ARGUMENTS ? "too_long" : null;
}

/** The line that splits into these arguments again. */
export function joinLine(argv: string[]): string {
  return argv.map((word) => (/^[\w%+,./:=@^-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
