// The log of one attempt: its end is followed while somebody looks at it, and whoever goes up, or to a place that was
// searched for, is shown that part of it instead. Of each channel only a window is held.
import { toProblem } from "@/api/problem";
import type { Channel } from "@/features/machines/output/transcript";
import { type LogLine, LogWindow, MOST_LINES, SOME_LINES } from "./window";

export type Shown = "both" | Channel;
export type LinkState = "connecting" | "open" | "waiting" | "over" | "broken";
type Place = [number, number];

/** What follows the log from a place of each channel on. */
export interface Link {
  readonly state: LinkState;
  start: () => void;
  stop: () => void;
  subscribe: (watcher: () => void) => () => void;
}

interface Part {
  bytes: Uint8Array;
  /** How long the channel is so far. */
  length: number;
}

interface LogParts {
  /** Without a place it begins near the end. */
  link: (lengths: Place, sink: LinkSink, from: Place | null) => Link;
  read: (channel: Channel, from: number, limit: number) => Promise<Part>;
}

export interface LinkSink {
  feed: (channel: Channel, bytes: Uint8Array, at: number) => void;
  skip: (channel: Channel) => void;
}

const PART = 256 * 1024;

export class JobLog implements LinkSink {
  shown: Shown = "both";
  /** Whether the end is in sight and goes on being so. */
  isFollowing = true;
  version = 0;
  /** What is being fetched, and whether that failed. */
  busy: "start" | "end" | "place" | null = null;
  failed: unknown = null;
  /** The line that was asked for. */
  target: { channel: Channel; at: number } | null = null;
  readonly lengths: Place;
  readonly windows: Record<Channel, LogWindow>;
  #order = 0;
  #earlier = 0;
  #link: Link | null = null;
  #unwatch = () => {};
  #isAlive = false;
  #hasLooked = false;
  /** Only the newest question counts. */
  #question = 0;
  readonly #watchers = new Set<() => void>();
  readonly #parts: LogParts;

  constructor(lengths: Place, parts: LogParts) {
    this.lengths = [...lengths];
    this.#parts = parts;
    const next = () => this.#order++;
    this.windows = { 1: new LogWindow(1, next), 2: new LogWindow(2, next) };
  }

  start() {
    this.#isAlive = true;
    this.#attach(null);
  }

  stop() {
    this.#isAlive = false;
    this.#detach();
  }

  subscribe = (watcher: () => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  get link(): LinkState | null {
    return this.#link?.state ?? null;
  }

  /** What is to be shown, from the first to the last: another list whenever it is asked, for the windows go on growing. */
  lines(): LogLine[] {
    if (this.shown !== "both") return [...this.windows[this.shown].lines];
    return merged(this.windows[1].lines, this.windows[2].lines);
  }

  /** Whether there is more before the first line: of both channels it is only known apart. */
  get hasEarlier(): boolean {
    return this.#open().some((channel) => this.windows[channel].start > 0);
  }

  get hasLater(): boolean {
    return this.#open().some((channel) => this.windows[channel].end < (this.lengths[channel - 1] ?? 0));
  }

  show(shown: Shown) {
    this.shown = shown;
    this.target = null;
    if (!this.isFollowing || this.hasLater) this.toEnd();
    this.#tell();
  }

  /** The end, from now on. A line that was asked for stays the one: it may be in sight. */
  toEnd() {
    this.#question += 1;
    [this.isFollowing, this.busy, this.failed] = [true, null, null];
    const isWhole = this.#link !== null && !this.hasLater;
    if (!isWhole) {
      for (const channel of [1, 2] as const) this.windows[channel].reset(0);
      this.#attach(null);
    }
    this.#tell();
  }

  /** Whoever reads further up is left there. */
  pause() {
    if (!this.isFollowing) return;
    this.isFollowing = false;
    this.#tell();
  }

  feed(channel: Channel, bytes: Uint8Array, at: number) {
    const window = this.windows[channel];
    const end = at + bytes.length;
    this.lengths[channel - 1] = Math.max(this.lengths[channel - 1] ?? 0, end);
    if (this.isFollowing) {
      window.append(bytes, at);
      window.cutStart();
    } else if (at <= window.end && window.lines.length < MOST_LINES) window.append(bytes, at);
    else this.#detach();
  }

  skip() {
    // What comes next begins where it is, which the window sees by its place.
  }

  /** Lengths that somebody else told of. */
  told([output, errors]: Place) {
    this.lengths[0] = Math.max(this.lengths[0], output);
    this.lengths[1] = Math.max(this.lengths[1], errors);
  }

  /** Fetches what is before the first line of the channel that is shown. */
  async earlier() {
    const channel = this.shown;
    if (channel === "both" || this.busy || this.windows[channel].start === 0) return;
    const window = this.windows[channel];
    this.isFollowing = false;
    await this.#ask("start", async (isNewest) => {
      let at = window.start;
      // A line may be longer than a part.
      for (let size = PART; ; size *= 2) {
        at = Math.max(0, window.start - size);
        const { bytes } = await this.#whole(channel, at, window.start - at);
        if (!isNewest()) return;
        if (window.prepend(bytes, at, () => --this.#earlier) || at === 0) break;
      }
      if (window.lines.length <= MOST_LINES) return;
      window.cutEnd();
      this.#detach();
    });
  }

  /** Fetches what comes after the last line; at the end of all of it, the log is followed again. */
  async later() {
    const channel = this.shown;
    if (this.busy || this.#link || this.isFollowing) return;
    if (channel === "both") return this.toEnd();
    const window = this.windows[channel];
    await this.#ask("end", async (isNewest) => {
      const { bytes, length } = await this.#parts.read(channel, window.end, PART);
      if (!isNewest()) return;
      this.lengths[channel - 1] = Math.max(this.lengths[channel - 1] ?? 0, length);
      const before = window.lines.length;
      window.append(bytes, window.end);
      window.cutEnd(before + SOME_LINES);
      window.cutStart();
      if (window.end >= length) this.#attach(this.#places());
    });
  }

  /** Shows the line at a place of a channel. */
  async jump(channel: Channel, at: number) {
    this.isFollowing = false;
    this.shown = channel;
    this.target = { channel, at };
    // What was asked for before does not take its place when it comes.
    this.#question += 1;
    this.busy = null;
    const window = this.windows[channel];
    if (at >= window.start && at < window.end) return this.#tell();
    this.#detach();
    const from = Math.max(0, at - PART / 2);
    await this.#ask("place", async (isNewest) => {
      const { bytes } = await this.#whole(channel, from, PART);
      if (!isNewest()) return;
      window.reset(from);
      window.append(bytes, from);
      const found = this.find(window.lines, { channel, at });
      window.cutEnd(found + SOME_LINES);
      window.cutStart(window.lines.length - found + SOME_LINES);
    });
  }

  /** The line that shows a place, if it is here. */
  find(lines: LogLine[], { channel, at }: { channel: Channel; at: number }): number {
    const window = this.windows[channel];
    if (at < window.start || at >= window.end) return -1;
    return lines.findLastIndex((line) => line.channel === channel && line.at <= at);
  }

  #open(): Channel[] {
    return this.shown === "both" ? [1, 2] : [this.shown];
  }

  #places(): Place {
    const end = (channel: Channel) =>
      this.shown === "both" || this.shown === channel ? this.windows[channel].end : this.lengths[channel - 1];
    return [end(1) ?? 0, end(2) ?? 0];
  }

  async #whole(channel: Channel, from: number, size: number): Promise<Part> {
    const parts: Uint8Array[] = [];
    let [got, length] = [0, 0];
    while (got < size) {
      const part = await this.#parts.read(channel, from + got, Math.min(PART, size - got));
      length = part.length;
      if (part.bytes.length === 0) break;
      parts.push(part.bytes);
      got += part.bytes.length;
    }
    return { bytes: new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer()), length };
  }

  async #ask(busy: "start" | "end" | "place", work: (isNewest: () => boolean) => Promise<void>) {
    this.#question += 1;
    const question = this.#question;
    const isNewest = () => this.#isAlive && question === this.#question;
    [this.busy, this.failed] = [busy, null];
    this.#tell();
    try {
      await work(isNewest);
    } catch (error) {
      if (isNewest()) this.failed = error;
    }
    if (!isNewest()) return;
    this.busy = null;
    this.#tell();
  }

  #attach(from: Place | null) {
    this.#detach();
    if (!this.#isAlive) return;
    const link = this.#parts.link([...this.lengths], this, from);
    this.#link = link;
    this.#unwatch = link.subscribe(() => {
      this.#tell();
      if (link.state === "waiting") void this.#look(link);
    });
    link.start();
  }

  /** A connection that is refused does not say why; whoever asks for a byte is told. What is refused stays so. */
  async #look(link: Link) {
    if (this.#hasLooked) return;
    this.#hasLooked = true;
    try {
      await this.#parts.read(1, 0, 1);
      this.#hasLooked = false;
    } catch (error) {
      const { status } = toProblem(error);
      if (this.#link !== link || status < 400 || status >= 500) return;
      this.failed = error;
      this.#detach();
      this.#tell();
    }
  }

  #detach() {
    this.#unwatch();
    this.#link?.stop();
    this.#link = null;
  }

  #tell() {
    this.version += 1;
    for (const watcher of this.#watchers) watcher();
  }
}

function merged(ones: LogLine[], others: LogLine[]): LogLine[] {
  if (others.length === 0) return [...ones];
  if (ones.length === 0) return [...others];
  const all: LogLine[] = [];
  let [at, other] = [0, 0];
  while (at < ones.length || other < others.length) {
    const [one, two] = [ones[at], others[other]];
    if (one && (!two || one.order < two.order)) {
      all.push(one);
      at += 1;
    } else if (two) {
      all.push(two);
      other += 1;
    }
  }
  return all;
}
