// Looks on while a command runs: one WebSocket, its pieces put in order, and everything anew from where it stopped
// when the connection breaks. What comes faster than it can be shown is passed over; it can still be downloaded.
import type { Command } from "@/api/types";
import type { Channel } from "./transcript";

export type FollowState = "connecting" | "open" | "waiting" | "over" | "broken";

export type FollowSocket = Pick<WebSocket, "close" | "onmessage" | "onclose">;

export interface FollowParts {
  open: (from: [number, number]) => FollowSocket;
  later: (run: () => void, ms: number) => () => void;
  frame: (run: () => void) => () => void;
  random: () => number;
}

/** Takes what is said, in order of each channel; what is left out between is told too. */
export interface FollowSink {
  feed: (channel: Channel, bytes: Uint8Array, at: number) => void;
  skip: (channel: Channel) => void;
}

export interface FollowListener {
  command: (command: Command) => void;
  sessionEnded: () => void;
}

const OVER = 1000;
const COME_AGAIN = 1012;
const TOO_SLOW = 1013;
const SESSION_ENDED = 4401;
const HOPELESS = new Set([1008, 1011]);
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** So much of a long output is shown, from its end. */
export const SHOWN_BYTES = 256 * 1024;
/** More than this between two pictures is too much to be shown. */
const MOST_AT_ONCE = 1024 * 1024;

interface Piece {
  channel: Channel;
  at: number;
  bytes: Uint8Array;
}

export class Follow<S extends FollowSink = FollowSink> {
  readonly sink: S;
  state: FollowState = "connecting";
  /** So many bytes of output and errors were passed over. */
  readonly omitted: [number, number];
  /** Counts whatever changes what is shown. */
  version = 0;
  #known: [number, number];
  #lengths: [number, number];
  #waiting: Piece[] = [];
  #waitingBytes = 0;
  #failures = 0;
  #socket: FollowSocket | null = null;
  #stopTimer = () => {};
  #stopFrame: (() => void) | null = null;
  #stopped = true;
  readonly #watchers = new Set<() => void>();
  readonly #parts: FollowParts;
  readonly #listener: FollowListener;

  /** Begins near the end of what is long, or where it is told to. */
  constructor(
    lengths: [number, number],
    parts: FollowParts,
    listener: FollowListener,
    sink: S,
    from: [number, number] | null = null,
  ) {
    const skipped = (length: number) => (length > 2 * SHOWN_BYTES ? length - SHOWN_BYTES : 0);
    this.sink = sink;
    this.#known = from ? [...from] : [skipped(lengths[0]), skipped(lengths[1])];
    this.omitted = [...this.#known];
    this.#lengths = lengths;
    this.#parts = parts;
    this.#listener = listener;
  }

  start() {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#connect();
  }

  stop() {
    this.#stopped = true;
    this.#stopTimer();
    this.#stopFrame?.();
    this.#stopFrame = null;
    this.#drop();
  }

  subscribe = (watcher: () => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  #connect() {
    this.#show("connecting");
    const socket = this.#parts.open([...this.#known]);
    this.#socket = socket;
    socket.onmessage = ({ data }) => (data instanceof ArrayBuffer ? this.#hear(data) : this.#read(String(data)));
    socket.onclose = ({ code }) => this.#closed(code);
  }

  #hear(data: ArrayBuffer) {
    if (data.byteLength < 9) return;
    const view = new DataView(data);
    const channel = view.getUint8(0) === 2 ? 2 : 1;
    const at = Number(view.getBigUint64(1));
    const known = this.#known[channel - 1] ?? 0;
    const end = at + data.byteLength - 9;
    if (end <= known) return;
    if (at > known) this.#passOver(channel, at - known);
    this.#known[channel - 1] = end;
    const skipped = Math.max(0, known - at);
    this.#take({ channel, at: at + skipped, bytes: new Uint8Array(data, 9 + skipped) });
  }

  #read(text: string) {
    const message = JSON.parse(text) as { type: string; command?: Command };
    if (message.type !== "state" || !message.command) return;
    this.#failures = 0;
    this.#lengths = [message.command.output_bytes, message.command.error_bytes];
    this.#listener.command(message.command);
    if (this.state !== "open") this.#show("open");
  }

  #take(piece: Piece) {
    this.#waiting.push(piece);
    this.#waitingBytes += piece.bytes.length;
    this.#stopFrame ??= this.#parts.frame(() => this.#draw());
  }

  /** Feeds what came since the last picture; when that is too much, only its end. */
  #draw() {
    this.#stopFrame = null;
    if (this.#waitingBytes > MOST_AT_ONCE) {
      while (this.#waitingBytes > SHOWN_BYTES) {
        const piece = this.#waiting.shift();
        if (!piece) break;
        this.#waitingBytes -= piece.bytes.length;
        this.#passOver(piece.channel, piece.bytes.length);
      }
    }
    for (const { channel, at, bytes } of this.#waiting) this.sink.feed(channel, bytes, at);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#tell();
  }

  #passOver(channel: Channel, bytes: number) {
    this.omitted[channel - 1] = (this.omitted[channel - 1] ?? 0) + bytes;
    this.sink.skip(channel);
  }

  #closed(code: number) {
    this.#drop();
    if (this.#stopped) return;
    if (this.#waiting.length > 0 && (code === OVER || HOPELESS.has(code))) this.#draw();
    if (code === OVER) return this.#end("over");
    if (HOPELESS.has(code)) return this.#end("broken");
    if (code === SESSION_ENDED) {
      this.#end("broken");
      return this.#listener.sessionEnded();
    }
    if (code === TOO_SLOW) this.#skipAhead();
    this.#show("waiting");
    const pause = code === COME_AGAIN ? 0 : this.#delay();
    this.#stopTimer = this.#parts.later(() => this.#connect(), pause);
  }

  #skipAhead() {
    for (const channel of [1, 2] as const) {
      const [known = 0, length = 0] = [this.#known[channel - 1], this.#lengths[channel - 1]];
      const next = Math.max(known, length - SHOWN_BYTES);
      if (next > known) this.#passOver(channel, next - known);
      this.#known[channel - 1] = next;
    }
  }

  #end(state: FollowState) {
    this.#stopped = true;
    this.#show(state);
  }

  #delay(): number {
    const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    this.#failures += 1;
    return ceiling / 2 + (this.#parts.random() * ceiling) / 2;
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  #show(state: FollowState) {
    this.state = state;
    this.#tell();
  }

  #tell() {
    this.version += 1;
    for (const watcher of this.#watchers) watcher();
  }
}
