// Files on their way to a machine: a few at a time, each with how far it is, and a question where one is there already.
import { type ProblemError, toProblem } from "@/api/problem";
import type { Sending } from "./access";
import { below, type Place } from "./place";

export type UploadState = "waiting" | "sending" | "taken" | "stored" | "failed" | "stopped";

export interface Upload {
  id: number;
  name: string;
  to: Place;
  size: number;
  sent: number;
  state: UploadState;
  problem: ProblemError | null;
}

type Send = (to: Place, file: Blob, overwrite: boolean, tell: (bytes: number) => void) => Sending;

const AT_ONCE = 2;

/** What the machine's policy says of a file, it says again. */
const lasting = new Set(["command_refused", "approval_needed", "file_name"]);

export function mayRetry({ state, problem }: Upload): boolean {
  return state === "stopped" || (state === "failed" && !lasting.has(problem?.code ?? ""));
}

export class Uploads {
  /** Replaced whenever something about it changes. */
  items: Upload[] = [];
  #lastId = 0;
  readonly #files = new Map<number, Blob>();
  readonly #sendings = new Map<number, Sending>();
  readonly #watchers = new Set<() => void>();
  readonly #send: Send;
  readonly #stored: (to: Place) => void;

  /** `stored` hears where something new lies. */
  constructor(send: Send, stored: (to: Place) => void) {
    this.#send = send;
    this.#stored = stored;
  }

  get isBusy(): boolean {
    return this.items.some(({ state }) => state === "waiting" || state === "sending");
  }

  subscribe = (watcher: () => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  add(directory: Place, files: Iterable<File>) {
    const added = Array.from(files, (file): Upload => {
      this.#lastId += 1;
      this.#files.set(this.#lastId, file);
      const to = below(directory, file.name);
      return { id: this.#lastId, name: file.name, to, size: file.size, sent: 0, state: "waiting", problem: null };
    });
    this.#show([...this.items, ...added]);
    this.#go();
  }

  /** What is there already is replaced after all. */
  replace(id: number) {
    if (this.#find(id)?.state === "taken") this.#begin(id, true);
  }

  /** Another attempt at one that failed or was stopped. */
  retry(id: number) {
    const upload = this.#find(id);
    if (!upload || !mayRetry(upload)) return;
    this.#change(id, { state: "waiting", sent: 0, problem: null });
    this.#go();
  }

  stop(id: number) {
    const sending = this.#sendings.get(id);
    if (sending) sending.abort();
    else if (this.#find(id)?.state !== "stored") this.#change(id, { state: "stopped" });
  }

  /** Takes those away of which nothing more is to come. */
  clear() {
    const kept = this.items.filter(({ state }) => state === "waiting" || state === "sending");
    for (const { id } of this.items) if (!kept.some((one) => one.id === id)) this.#files.delete(id);
    this.#show(kept);
  }

  #go() {
    const free = AT_ONCE - this.#sendings.size;
    const next = this.items.filter(({ state }) => state === "waiting").slice(0, Math.max(0, free));
    for (const { id } of next) this.#begin(id, false);
  }

  #begin(id: number, overwrite: boolean) {
    const [upload, file] = [this.#find(id), this.#files.get(id)];
    if (!upload || !file) return;
    this.#change(id, { state: "sending", sent: 0 });
    const sending = this.#send(upload.to, file, overwrite, (sent) => this.#change(id, { sent }));
    this.#sendings.set(id, sending);
    sending.done
      .then(
        (end) => this.#ended(upload, end),
        (error: unknown) => this.#failed(id, error),
      )
      .finally(() => {
        this.#sendings.delete(id);
        this.#go();
      });
  }

  #ended({ id, to, size }: Upload, end: "stored" | "taken") {
    if (end === "taken") return this.#change(id, { state: "taken", sent: 0 });
    this.#files.delete(id);
    this.#change(id, { state: "stored", sent: size });
    this.#stored(to);
  }

  #failed(id: number, error: unknown) {
    const wasStopped = error instanceof DOMException && error.name === "AbortError";
    if (wasStopped) this.#change(id, { state: "stopped", sent: 0 });
    else this.#change(id, { state: "failed", problem: toProblem(error) });
  }

  #find(id: number): Upload | undefined {
    return this.items.find((one) => one.id === id);
  }

  #change(id: number, part: Partial<Upload>) {
    this.#show(this.items.map((one) => (one.id === id ? { ...one, ...part } : one)));
  }

  #show(items: Upload[]) {
    this.items = items;
    for (const watcher of this.#watchers) watcher();
  }
}
