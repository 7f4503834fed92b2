// A line of a log, made ready to be shown: colours and weights are kept, whatever else a program would do to a
// terminal is left out, and what hides becomes visible. Nothing of it is ever read as markup.
import { type Look, lookAfter } from "@/features/machines/output/look";
import { SEQUENCE, SPECIAL, type Span, visible } from "@/features/machines/output/transcript";

interface Painted {
  spans: Span[];
  /** How wide it is, in signs of a terminal; rather too many than too few. */
  cells: number;
  /** How the next line begins to look. */
  look: Look;
}

const TAB = 8;

export function paint(text: string, look: Look): Painted {
  const pen = new Pen(look);
  let from = 0;
  SPECIAL.lastIndex = 0;
  for (let found = SPECIAL.exec(text); found; found = SPECIAL.exec(text)) {
    pen.print(text.slice(from, found.index));
    from = obey(pen, text, found.index);
    SPECIAL.lastIndex = from;
  }
  pen.print(text.slice(from));
  return { spans: pen.spans, cells: pen.cells, look: pen.look };
}

/** Does what a sign asks for; says where to go on. */
function obey(pen: Pen, text: string, at: number): number {
  const sign = text[at] ?? "";
  if (sign === "\r") pen.isBack = true;
  else if (sign === "\b") pen.takeBack();
  else if (sign === "\t") pen.print(" ".repeat(TAB - (pen.isBack ? 0 : pen.cells % TAB)));
  else if (sign === "\u001b") return sequence(pen, text, at);
  else if (sign !== "\u0007" && sign !== "\u0000") pen.print(visible(sign));
  return at + 1;
}

function sequence(pen: Pen, text: string, at: number): number {
  const found = SEQUENCE.exec(text.slice(at + 1));
  // What has no end in its line is shown as what it is, without the sign that begins it.
  if (!found) return at + 1;
  if (found[2] === "m") pen.look = lookAfter(pen.look, found[1] ?? "");
  if (found[2] === "K" && found[1] !== "1" && (pen.isBack || found[1] === "2")) pen.clear();
  return at + 1 + found[0].length;
}

class Pen {
  spans: Span[] = [];
  cells = 0;
  look: Look;
  /** The cursor went back to the beginning: what comes next takes the place of what is there. */
  isBack = false;

  constructor(look: Look) {
    this.look = look;
  }

  print(text: string) {
    if (text === "") return;
    if (this.isBack) this.clear();
    const last = this.spans.at(-1);
    if (last && last.look === this.look) last.text += text;
    else this.spans.push({ text, look: this.look });
    this.cells += cellsOf(text);
  }

  clear() {
    this.isBack = false;
    this.spans = [];
    this.cells = 0;
  }

  takeBack() {
    const last = this.spans.at(-1);
    if (!last) return;
    this.cells = Math.max(0, this.cells - cellsOf(last.text.slice(-1)));
    last.text = last.text.slice(0, -1);
    if (last.text === "") this.spans.pop();
  }
}

/** Letters of other scripts may be as wide as two of ours, in the fonts that have them. */
function cellsOf(text: string): number {
  let cells = 0;
  for (const sign of text) {
    const code = sign.codePointAt(0) ?? 0;
    cells += code < 0x300 || (code >= 0x2500 && code < 0x25a0) ? 1 : 2;
  }
  return cells;
}
