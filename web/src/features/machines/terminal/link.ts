// The connection to a terminal: what it says in order and once, over as many WebSockets as that takes. What is typed
// while there is none is refused, never kept: nobody can tell what it would hit later.
import type { Command } from "@/api/types";
import { type FromServer, inputMessage, readMessage, readPiece, resizeMessage, type Size, WHOLE_PIECE } from "./access";

export type LinkState = "connecting" | "open" | "lost" | "over" | "broken";

export type LinkSocket = Pick<WebSocket, "send" | "close" | "onmessage" | "onclose">;

export interface LinkParts {
  /** Opens one from a place on, or from near the end. */
  open: (from: number | null) => LinkSocket;
  later: (run: () => void, ms: number) => () => void;
  random: () => number;
}

export interface LinkListener {
  /** `isOld`: it was said while nobody looked on here, so what it asks of a terminal is not answered any more. */
  output: (bytes: Uint8Array, isOld: boolean) => void;
  /** Something in between is missing, perhaps in the middle of a sequence. */
  skipped: () => void;
  command: (command: Command) => void;
  refused: (code: string, detail: string) => void;
  sessionEnded: () => void;
}

const OVER = 1000;
const COME_AGAIN = 1012;
const SESSION_ENDED = 4401;
const HOPELESS = new Set([1008, 1011]);
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** Whoever typed hears something by then, or the connection is dead without saying so. */
const ANSWER_MS = 10_000;
/** More than this unread is too much to be caught up with: it begins anew near the end. */
const MOST_UNREAD = 8 * 1024 * 1024;
const PIECE = 32 * 1024;
/** When nothing comes for so long, all that was said before is here. */
const SETTLED_MS = 400;

export class TerminalLink {
  state: LinkState = "connecting";
  /** Counts whatever changes what is shown. */
  version = 0;
  #known: number | null = null;
  /** Whether what comes was said before this connection was made. */
  #isOld = false;
  #isFirst = true;
  #unread = 0;
  #isBehind = false;
  #wasBehind = false;
  #failures = 0;
  #size: Size | null = null;
  #socket: LinkSocket | null = null;
  #stopRetry = () => {};
  #stopAnswer: (() => void) | null = null;
  #stopSettling = () => {};
  #stopped = true;
  readonly #watchers = new Set<() => void>();
  readonly #parts: LinkParts;
  readonly #listener: LinkListener;

  /** `isNew`: nothing was said yet, so all is heard from its beginning. */
  constructor(isNew: boolean, parts: LinkParts, listener: LinkListener) {
    this.#known = isNew ? 0 : null;
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
    this.#stopRetry();
    this.#drop();
  }

  /** Does not wait any longer, as when the browser says that the network is back. */
  retryNow() {
    if (this.#stopped || this.#socket || this.#isBehind) return;
    this.#stopRetry();
    this.#connect();
  }

  /** The browser says that there is no network, which no socket would tell for minutes. */
  networkGone() {
    if (this.#socket) this.#closed(0);
  }

  subscribe = (watcher: () => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Types; false when there is no connection, and nothing was typed. */
  type(text: string): boolean {
    const socket = this.#socket;
    if (!socket || this.state !== "open") return false;
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length; at += PIECE) socket.send(inputMessage(bytes.subarray(at, at + PIECE)));
    this.#stopAnswer ??= this.#parts.later(() => this.#closed(0), ANSWER_MS);
    return true;
  }

  /** Tells how large it is shown; a new connection is told again. */
  resize(size: Size) {
    const isSame = this.#size?.columns === size.columns && this.#size.rows === size.rows;
    this.#size = size;
    if (this.state === "open" && !isSame) this.#socket?.send(resizeMessage(size));
  }

  /** So much of what was told is on the screen by now. */
  read(bytes: number) {
    this.#unread -= bytes;
    if (!this.#isBehind || this.#unread > 0) return;
    [this.#isBehind, this.#wasBehind] = [false, true];
    if (!this.#stopped) this.#connect();
  }

  #connect() {
    this.#show("connecting");
    const socket = this.#parts.open(this.#known);
    this.#socket = socket;
    this.#isOld = !(this.#isFirst && this.#known === 0);
    this.#isFirst = false;
    socket.onmessage = ({ data }) => {
      this.#stopAnswer?.();
      this.#stopAnswer = null;
      if (data instanceof ArrayBuffer) this.#hear(data);
      else this.#obey(readMessage(String(data)));
    };
    socket.onclose = ({ code }) => this.#closed(code);
  }

  #hear(data: ArrayBuffer) {
    const piece = readPiece(data);
    if (!piece) return;
    const { at, bytes } = piece;
    const known = this.#known ?? at;
    const end = at + bytes.length;
    if (end <= known) return;
    if (at > known) this.#skipped();
    this.#known = end;
    const fresh = bytes.subarray(Math.max(0, known - at));
    this.#unread += fresh.length;
    this.#listener.output(fresh, this.#isOld);
    if (bytes.length < WHOLE_PIECE) this.#isOld = false;
    else this.#settle();
    if (this.#unread > MOST_UNREAD) this.#skipAhead();
  }

  #obey(message: FromServer | null) {
    if (message?.type === "refused") this.#listener.refused(message.code, message.detail);
    if (message?.type !== "state") return;
    this.#failures = 0;
    this.#listener.command(message.command);
    if (this.state === "open") return;
    this.#settle();
    this.#show("open");
    if (this.#size) this.#socket?.send(resizeMessage(this.#size));
    if (this.#wasBehind) this.#skipped();
    this.#wasBehind = false;
  }

  /** A program that fills the screen draws it anew when its size changes. */
  #skipped() {
    this.#listener.skipped();
    if (!this.#size) return;
    const { columns, rows } = this.#size;
    for (const size of [{ columns, rows: Math.max(1, rows - 1) }, this.#size]) this.#socket?.send(resizeMessage(size));
  }

  /** What was said before comes at once; the first piece that is not whole is the last of it. */
  #settle() {
    this.#stopSettling();
    this.#stopSettling = this.#parts.later(() => {
      this.#isOld = false;
    }, SETTLED_MS);
  }

  /** It says more than can be shown: what was told is shown to its end, then it begins anew near the end of all. */
  #skipAhead() {
    this.#drop();
    [this.#isBehind, this.#known] = [true, null];
    this.#show("connecting");
  }

  #closed(code: number) {
    this.#drop();
    if (this.#stopped) return;
    if (code === OVER) return this.#end("over");
    if (HOPELESS.has(code)) return this.#end("broken");
    if (code === SESSION_ENDED) {
      this.#end("broken");
      return this.#listener.sessionEnded();
    }
    this.#show("lost");
    this.#stopRetry = this.#parts.later(() => this.#connect(), code === COME_AGAIN ? 0 : this.#delay());
  }

  #end(state: LinkState) {
    this.#stopped = true;
    this.#show(state);
  }

  #delay(): number {
    const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    this.#failures += 1;
    return ceiling / 2 + (this.#parts.random() * ceiling) / 2;
  }

  #drop() {
    this.#stopSettling();
    this.#stopAnswer?.();
    this.#stopAnswer = null;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  #show(state: LinkState) {
    this.state = state;
    this.version += 1;
    for (const watcher of this.#watchers) watcher();
  }
}
