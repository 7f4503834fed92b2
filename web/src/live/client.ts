// Keeps one WebSocket to the server alive and tells what changed. After a break it resumes where it left off;
// when the server cannot replay that far, it says "gap" and everything is fetched anew.

export interface LiveEvent {
  topic: string;
  name: string;
  data: unknown;
}

export type LiveState = "connecting" | "open" | "waiting" | "ended";

export type LiveSocket = Pick<WebSocket, "send" | "close" | "onmessage" | "onclose">;

export interface LiveParts {
  open: () => LiveSocket;
  later: (run: () => void, ms: number) => () => void;
  random: () => number;
}

export interface LiveListener {
  event: (event: LiveEvent) => void;
  gap: () => void;
  state: (state: LiveState) => void;
  sessionEnded: () => void;
}

type ServerMessage =
  | { type: "hello"; epoch: string | number; seq: number; heartbeat_s: number }
  | ({ type: "event"; seq: number } & LiveEvent)
  | { type: "subscribed"; topics: string[]; refused: string[] }
  | { type: "gap" }
  | { type: "ping" };

const SESSION_ENDED = 4401;
const WRONG_ORIGIN = 4403;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

export class LiveClient {
  #socket: LiveSocket | null = null;
  #position: { epoch: string | number; seq: number } | null = null;
  #failures = 0;
  #silenceMs = 90_000;
  #stopSilenceTimer = () => {};
  #stopRetryTimer = () => {};
  #stopped = true;
  readonly #topics: string[];
  readonly #parts: LiveParts;
  readonly #listener: LiveListener;

  constructor(topics: string[], parts: LiveParts, listener: LiveListener) {
    this.#topics = topics;
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
    this.#stopRetryTimer();
    this.#drop();
  }

  /** Skips the rest of a back-off pause, for the moment the browser says the network is back. */
  retryNow() {
    if (this.#stopped || this.#socket) return;
    this.#stopRetryTimer();
    this.#connect();
  }

  #connect() {
    this.#listener.state("connecting");
    const socket = this.#parts.open();
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(String(data));
    socket.onclose = ({ code }) => this.#closed(code);
    this.#expectSound();
  }

  #receive(text: string) {
    this.#expectSound();
    const message = JSON.parse(text) as ServerMessage;
    if (message.type === "hello") this.#greet(message);
    else if (message.type === "event") this.#accept(message);
    else if (message.type === "gap") this.#listener.gap();
    else if (message.type === "ping") this.#socket?.send(JSON.stringify({ type: "pong" }));
    else if (message.type === "subscribed") this.#listener.state("open");
  }

  #greet(hello: { epoch: string | number; seq: number; heartbeat_s: number }) {
    this.#failures = 0;
    this.#silenceMs = hello.heartbeat_s * 2500;
    this.#expectSound();
    const resume = this.#position;
    // Another epoch means the server restarted: its numbers say nothing about what we missed.
    if (resume && resume.epoch !== hello.epoch) this.#listener.gap();
    const sameEpoch = resume?.epoch === hello.epoch;
    if (!sameEpoch) this.#position = { epoch: hello.epoch, seq: hello.seq };
    this.#socket?.send(JSON.stringify({ type: "subscribe", topics: this.#topics, ...(sameEpoch ? { resume } : {}) }));
  }

  #accept({ seq, topic, name, data }: { seq: number } & LiveEvent) {
    // After a resume the server may repeat the last event; acting twice would be wasteful.
    if (this.#position && seq <= this.#position.seq) return;
    if (this.#position) this.#position = { ...this.#position, seq };
    this.#listener.event({ topic, name, data });
  }

  #closed(code: number) {
    this.#drop();
    if (this.#stopped) return;
    if (code === SESSION_ENDED || code === WRONG_ORIGIN) {
      this.#stopped = true;
      this.#listener.state("ended");
      if (code === SESSION_ENDED) this.#listener.sessionEnded();
      return;
    }
    this.#listener.state("waiting");
    this.#stopRetryTimer = this.#parts.later(() => this.#connect(), this.#delay());
  }

  /** Half of the pause is chance, so a thousand dashboards do not return in the same second. */
  #delay(): number {
    const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    this.#failures += 1;
    return ceiling / 2 + (this.#parts.random() * ceiling) / 2;
  }

  /** A dead network never reports a close, so silence counts as one. */
  #expectSound() {
    this.#stopSilenceTimer();
    this.#stopSilenceTimer = this.#parts.later(() => this.#closed(0), this.#silenceMs);
  }

  #drop() {
    this.#stopSilenceTimer();
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}
