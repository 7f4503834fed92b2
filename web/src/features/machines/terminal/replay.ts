// Plays a recording: where it is, how fast it goes, and what has to be shown next.
import type { Size } from "./access";
import type { Cast } from "./cast";

export interface ReplayScreen {
  reset: (size: Size) => void;
  write: (text: string) => void;
  resize: (size: Size) => void;
}

/** Pauses longer than this are passed over, if one wants that. */
const LONGEST_PAUSE_S = 2;

export const speeds = [0.5, 1, 2, 4, 8] as const;

export class Replay {
  /** Seconds from the beginning. */
  at = 0;
  isPlaying = false;
  speed = 1;
  skipsPauses = true;
  version = 0;
  #next = 0;
  #clock: number | null = null;
  #stopFrame: (() => void) | null = null;
  readonly #watchers = new Set<() => void>();
  readonly #cast: Cast;
  readonly #screen: ReplayScreen;
  readonly #frame: (run: (now: number) => void) => () => void;

  constructor(cast: Cast, screen: ReplayScreen, frame: (run: (now: number) => void) => () => void) {
    this.#cast = cast;
    this.#screen = screen;
    this.#frame = frame;
    screen.reset(cast.size);
  }

  get isAtEnd(): boolean {
    return this.at >= this.#cast.duration;
  }

  subscribe = (watcher: () => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  play() {
    if (this.isPlaying) return;
    if (this.isAtEnd) this.seek(0);
    this.isPlaying = true;
    this.#clock = null;
    this.#go();
    this.#tell();
  }

  pause() {
    this.isPlaying = false;
    this.#stopFrame?.();
    this.#stopFrame = null;
    this.#tell();
  }

  /** Goes to a moment: forwards by what is in between, backwards from the beginning. */
  seek(to: number) {
    const goal = Math.min(this.#cast.duration, Math.max(0, to));
    if (goal < this.at) {
      this.#next = 0;
      this.#screen.reset(this.#cast.size);
    }
    this.#showUntil(goal);
    this.#clock = null;
    this.#tell();
  }

  set(part: Partial<Pick<Replay, "speed" | "skipsPauses">>) {
    Object.assign(this, part);
    this.#tell();
  }

  #go() {
    this.#stopFrame = this.#frame((now) => this.#tick(now));
  }

  #tick(now: number) {
    const passed = this.#clock === null ? 0 : (Math.max(0, now - this.#clock) / 1000) * this.speed;
    this.#clock = now;
    let goal = this.at + passed;
    const next = this.#cast.events[this.#next]?.at;
    if (this.skipsPauses && next !== undefined && next - goal > LONGEST_PAUSE_S) goal = next - LONGEST_PAUSE_S;
    this.#showUntil(Math.min(goal, this.#cast.duration));
    if (this.isAtEnd) this.pause();
    else {
      this.#go();
      this.#tell();
    }
  }

  /** What is said together is written together. */
  #showUntil(goal: number) {
    const { events } = this.#cast;
    let text = "";
    for (;;) {
      const event = events[this.#next];
      if (!event || event.at > goal) break;
      this.#next += 1;
      text += event.text ?? "";
      if (!event.size) continue;
      if (text) this.#screen.write(text);
      text = "";
      this.#screen.resize(event.size);
    }
    if (text) this.#screen.write(text);
    this.at = goal;
  }

  #tell() {
    this.version += 1;
    for (const watcher of this.#watchers) watcher();
  }
}
