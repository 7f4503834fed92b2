// Many events of one topic in a short time make what is shown stale once, not many times: the first at once, the
// others together a moment later. A command on five hundred machines ends five hundred times in a second.

const PAUSE_MS = 1000;

export class Gathering {
  readonly #waiting = new Map<string, boolean>();
  readonly #run: (topic: string) => void;
  readonly #later: (run: () => void, ms: number) => unknown;

  constructor(run: (topic: string) => void, later: (run: () => void, ms: number) => unknown) {
    this.#run = run;
    this.#later = later;
  }

  add(topic: string) {
    if (this.#waiting.has(topic)) {
      this.#waiting.set(topic, true);
      return;
    }
    this.#run(topic);
    this.#waiting.set(topic, false);
    this.#later(() => this.#over(topic), PAUSE_MS);
  }

  #over(topic: string) {
    const more = this.#waiting.get(topic);
    this.#waiting.delete(topic);
    if (more) this.add(topic);
  }
}
