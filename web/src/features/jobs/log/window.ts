// The part of one channel of a log that is held in memory: lines one after another, each with its place in bytes. It
// grows at both ends and is cut at both ends, so that a log of any length takes the same room.
import { type Look, NO_LOOK } from "@/features/machines/output/look";
import type { Channel, Span } from "@/features/machines/output/transcript";
import { paint } from "./paint";

export interface LogLine {
  channel: Channel;
  /** Where its first byte stands in the channel. */
  at: number;
  /** Of two lines the one that is shown first has the lower one, whichever their channels are. */
  order: number;
  spans: Span[];
  cells: number;
  /** How it began to look. */
  before: Look;
}

export const MOST_LINES = 20_000;
/** So many come at once at the most when more is asked for, so that what is in sight is never cut. */
export const SOME_LINES = 5_000;
/** What has no end after so many bytes is shown as a line all the same. */
const LONGEST_LINE = 16 * 1024;
/** So far back the beginning of a line is looked for. */
const LONGEST_SEARCH = 1024 * 1024;
const NEWLINE = 10;
const RETURN = 13;

export class LogWindow {
  lines: LogLine[] = [];
  /** Where the first line begins, and up to where the channel is known here. */
  start = 0;
  end = 0;
  readonly channel: Channel;
  readonly #nextOrder: () => number;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #look: Look = NO_LOOK;
  /** The line that has no end yet. */
  #open: Uint8Array = new Uint8Array();
  #openAt = 0;
  /** Which line shows it so far; it keeps its turn while it grows. */
  #openOrder: number | null = null;
  /** Until the first line begins: one that was come into the middle of is not shown. */
  #isLost = false;

  constructor(channel: Channel, nextOrder: () => number) {
    this.channel = channel;
    this.#nextOrder = nextOrder;
  }

  /** Forgets everything and begins anew at a place. */
  reset(at: number) {
    this.lines = [];
    this.start = at;
    this.end = at;
    this.#open = new Uint8Array();
    this.#openAt = at;
    this.#openOrder = null;
    this.#look = NO_LOOK;
    this.#isLost = at > 0;
  }

  /** What comes next; what is not next begins anew where it is. */
  append(bytes: Uint8Array, at: number) {
    if (at > this.end || at + bytes.length < this.start) this.reset(at);
    const known = this.end - at;
    if (known >= bytes.length) return;
    const fresh = bytes.subarray(Math.max(0, known));
    this.end = at + bytes.length;
    this.#take(this.#isLost ? this.#find(fresh) : fresh);
  }

  /** The last lines of what comes right before the first line and ends there. Says whether there was a line in it. */
  prepend(bytes: Uint8Array, at: number, orderOf: () => number): boolean {
    const newline = bytes.indexOf(NEWLINE) + 1;
    const hasLine = newline > 0 && newline < bytes.length;
    if (at > 0 && !hasLine && bytes.length < LONGEST_SEARCH) return false;
    const first = at > 0 && hasLine ? newline : 0;
    const earlier = new LogWindow(this.channel, () => 0);
    earlier.end = earlier.start = earlier.#openAt = at + first;
    earlier.append(bytes.subarray(first), at + first);
    earlier.cutStart(SOME_LINES);
    for (const line of earlier.lines.toReversed()) line.order = orderOf();
    this.lines = [...earlier.lines, ...this.lines];
    this.start = earlier.start;
    return true;
  }

  /** Cuts lines at the beginning until there are so many. */
  cutStart(most = MOST_LINES) {
    const cut = this.lines.length - most;
    if (cut <= 0) return;
    this.lines = this.lines.slice(cut);
    this.start = this.lines[0]?.at ?? this.end;
  }

  /** Cuts lines at the end; what is cut is asked for again when it is wanted. */
  cutEnd(most = MOST_LINES) {
    const first = this.lines[most];
    if (!first) return;
    this.lines = this.lines.slice(0, most);
    this.end = first.at;
    this.#look = first.before;
    this.#open = new Uint8Array();
    this.#openAt = first.at;
    this.#openOrder = null;
  }

  /** Looks for the beginning of a line. */
  #find(bytes: Uint8Array): Uint8Array {
    const at = bytes.indexOf(NEWLINE);
    if (at < 0 && this.end - this.start < LONGEST_LINE) return new Uint8Array();
    this.#isLost = false;
    const rest = bytes.subarray(at + 1);
    this.start = this.#openAt = this.end - rest.length;
    return rest;
  }

  #take(bytes: Uint8Array) {
    if (bytes.length === 0) return;
    let rest = this.#open.length === 0 ? bytes : joined(this.#open, bytes);
    const order = this.#openOrder === null ? null : (this.lines.pop()?.order ?? null);
    this.#openOrder = order;
    for (let at = rest.indexOf(NEWLINE); at >= 0; at = rest.indexOf(NEWLINE)) {
      this.#line(rest.subarray(0, at), at + 1);
      rest = rest.subarray(at + 1);
    }
    while (rest.length > LONGEST_LINE) {
      const length = overwritten(rest) || wholeSigns(rest, LONGEST_LINE);
      if (overwritten(rest)) this.#openAt += length;
      else this.#line(rest.subarray(0, length), length);
      rest = rest.subarray(length);
    }
    this.#open = rest.slice();
    if (rest.length === 0) return;
    const look = this.#look;
    this.#openOrder = this.#line(rest, 0);
    this.#look = look;
  }

  /** Shows a line, and says which turn it has. */
  #line(bytes: Uint8Array, length: number): number {
    const order = this.#openOrder ?? this.#nextOrder();
    this.#openOrder = null;
    const text = bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes;
    const before = this.#look;
    const { spans, cells, look } = paint(this.#decoder.decode(text), before);
    this.lines.push({ channel: this.channel, at: this.#openAt, order, spans, cells, before });
    this.#look = look;
    this.#openAt += length;
    return order;
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** How much at the beginning of a line the program has written over since, as it does to show how far it is. */
function overwritten(bytes: Uint8Array): number {
  return bytes.lastIndexOf(RETURN, bytes.length - 2) + 1;
}

/** So many bytes, or a few less where the last sign would be cut in two. */
function wholeSigns(bytes: Uint8Array, length: number): number {
  let end = length;
  while (end > length - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return end;
}
