// What a program said, as lines to be shown. Colours are kept; whatever else a program would do to a terminal
// (move the cursor, name the window, write into the clipboard) is left out, and what hides becomes visible.
import { type Look, lookAfter, NO_LOOK } from "./look";

export type Channel = 1 | 2;

export interface Span {
  text: string;
  look: Look;
}

export interface Line {
  id: number;
  channel: Channel;
  spans: Span[];
  length: number;
}

/** Lines that are drawn together: only a block that changed is drawn anew. */
export interface Block {
  id: number;
  lines: Line[];
  version: number;
}

const LINES_IN_BLOCK = 100;
const MOST_BLOCKS = 50;
const LONGEST_LINE = 4000;
const LONGEST_SEQUENCE = 4096;

/** Signs that are not simply printed. */
export const SPECIAL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
/** What follows an escape: its parameters and its last letter where it is of the kind that colours are asked with. */
export const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as terminals have it.
  /^(?:\[([0-?]*)[ -/]*([@-~])|[\]PX^_][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|[ -/]*[0-Z\\^-~])/;

interface Pen {
  decoder: TextDecoder;
  look: Look;
  line: Line | null;
  block: Block | null;
  /** The cursor went back to the beginning of the line: what comes next takes the place of what is there. */
  isBack: boolean;
  /** The beginning of a sequence whose end has not come yet. */
  held: string;
}

export class Transcript {
  readonly blocks: Block[] = [];
  version = 0;
  /** So many lines at the beginning are not kept any longer. */
  dropped = 0;
  #lastId = 0;
  readonly #pens: Record<Channel, Pen> = { 1: freshPen(), 2: freshPen() };

  feed(channel: Channel, bytes: Uint8Array) {
    const pen = this.#pens[channel];
    this.#write(channel, pen, pen.held + pen.decoder.decode(bytes, { stream: true }));
    this.version += 1;
  }

  /** Bytes are missing here: whatever was begun is over. */
  skip(channel: Channel) {
    this.#pens[channel] = freshPen();
  }

  #write(channel: Channel, pen: Pen, text: string) {
    pen.held = "";
    let from = 0;
    SPECIAL.lastIndex = 0;
    for (let found = SPECIAL.exec(text); found; found = SPECIAL.exec(text)) {
      this.#print(channel, pen, text.slice(from, found.index));
      const end = this.#obey(channel, pen, text, found.index);
      if (end === null) {
        pen.held = text.slice(found.index);
        return;
      }
      from = end;
      SPECIAL.lastIndex = end;
    }
    this.#print(channel, pen, text.slice(from));
  }

  /** Does what a sign asks for; says where to go on, or null when its end has not come yet. */
  #obey(channel: Channel, pen: Pen, text: string, at: number): number | null {
    const sign = text[at] ?? "";
    if (sign === "\n") this.#endLine(channel, pen);
    else if (sign === "\r") pen.isBack = true;
    else if (sign === "\b") this.#takeBack(pen);
    else if (sign === "\t") this.#print(channel, pen, "\t");
    else if (sign === "\u001b") return this.#sequence(pen, text, at);
    else if (sign !== "\u0007" && sign !== "\u0000") this.#print(channel, pen, visible(sign));
    return at + 1;
  }

  #sequence(pen: Pen, text: string, at: number): number | null {
    const rest = text.slice(at + 1, at + 1 + LONGEST_SEQUENCE);
    const found = SEQUENCE.exec(rest);
    if (!found) return isBegun(rest) ? null : at + 1;
    if (found[2] === "m") pen.look = lookAfter(pen.look, found[1] ?? "");
    if (found[2] === "K" && found[1] !== "1" && (pen.isBack || found[1] === "2")) this.#clear(pen);
    return at + 1 + found[0].length;
  }

  #print(channel: Channel, pen: Pen, text: string) {
    if (text === "") return;
    if (pen.isBack) this.#clear(pen);
    let rest = text;
    while (rest !== "") {
      const line = this.#lineOf(channel, pen);
      const part = rest.slice(0, LONGEST_LINE - line.length);
      const last = line.spans.at(-1);
      if (last && last.look === pen.look) last.text += part;
      else line.spans.push({ text: part, look: pen.look });
      line.length += part.length;
      rest = rest.slice(part.length);
      if (line.length >= LONGEST_LINE) pen.line = null;
    }
  }

  #lineOf(channel: Channel, pen: Pen): Line {
    if (pen.line && pen.block) {
      pen.block.version += 1;
      return pen.line;
    }
    this.#lastId += 1;
    const line: Line = { id: this.#lastId, channel, spans: [], length: 0 };
    const block = this.#roomyBlock();
    block.lines.push(line);
    block.version += 1;
    pen.line = line;
    pen.block = block;
    return line;
  }

  #roomyBlock(): Block {
    const last = this.blocks.at(-1);
    if (last && last.lines.length < LINES_IN_BLOCK) return last;
    const block: Block = { id: this.#lastId, lines: [], version: 0 };
    this.blocks.push(block);
    if (this.blocks.length > MOST_BLOCKS) this.dropped += this.blocks.shift()?.lines.length ?? 0;
    return block;
  }

  #endLine(channel: Channel, pen: Pen) {
    pen.isBack = false;
    this.#lineOf(channel, pen);
    pen.line = null;
  }

  #clear(pen: Pen) {
    pen.isBack = false;
    if (!pen.line || !pen.block) return;
    pen.line.spans = [];
    pen.line.length = 0;
    pen.block.version += 1;
  }

  #takeBack(pen: Pen) {
    const last = pen.line?.spans.at(-1);
    if (!last || !pen.line || !pen.block) return;
    last.text = last.text.slice(0, -1);
    pen.line.length = Math.max(0, pen.line.length - 1);
    if (last.text === "") pen.line.spans.pop();
    pen.block.version += 1;
  }
}

/** Whether this may still become a sequence when more comes. */
function isBegun(rest: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as terminals have it.
  return rest.length < LONGEST_SEQUENCE && /^(?:$|\[[0-?]*[ -/]*$|[\]PX^_][^\u0007\u009c]*$|[ -/]+$)/.test(rest);
}

export function visible(sign: string): string {
  const code = sign.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : "\ufffd";
}

function freshPen(): Pen {
  return { decoder: new TextDecoder(), look: NO_LOOK, line: null, block: null, isBack: false, held: "" };
}
