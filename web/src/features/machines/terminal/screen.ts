// The terminal as it is drawn and typed into: xterm.js, with our colours and without what a program could misuse.
// It knows nothing of connections. Left out: links to anything but the web, the clipboard of OSC 52, window commands.
import { FitAddon } from "@xterm/addon-fit";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { type ITerminalOptions, Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import type { Size } from "./access";
import { ownKey, safeAddress } from "./keys";
import { themeOf } from "./palette";
import { runsIn, settleRuns } from "./rtl";
import { defineTerminalStyle } from "./terminal-style";

export interface ScreenListener {
  /** What was typed, or answers a question of the program. */
  typed?: (text: string) => void;
  pasted?: (text: string) => void;
  /** How many columns and rows there is room for now. */
  sized?: (size: Size) => void;
  left?: () => void;
  link?: (address: string) => void;
}

const FONT = '"Geist Mono", "Readex Pro", ui-monospace, monospace';
const SCROLL_BACK = 10_000;
const MOST = 1000;

/** Ready once its letters can be measured. */
export async function makeScreen(host: HTMLElement, listener: ScreenListener): Promise<Screen> {
  await document.fonts.load(`13px ${FONT}`).catch(() => {});
  return new Screen(host, listener);
}

export class Screen {
  readonly terminal: Terminal;
  readonly #host: HTMLElement;
  readonly #listener: ScreenListener;
  readonly #fit = new FitAddon();
  readonly #watching: (() => void)[] = [];
  #mayType = false;
  #isOld = 0;
  #frame = 0;

  constructor(host: HTMLElement, listener: ScreenListener) {
    defineTerminalStyle();
    this.#host = host;
    this.#listener = listener;
    this.terminal = new Terminal(options((address) => listener.link?.(address)));
    this.terminal.loadAddon(this.#fit);
    this.terminal.loadAddon(new Unicode11Addon());
    this.terminal.unicode.activeVersion = "11";
    this.terminal.attachCustomKeyEventHandler((event) => this.#key(event));
    this.terminal.onData((text) => this.#typed(text));
    this.terminal.open(host);
    this.terminal.registerCharacterJoiner(runsIn);
    this.terminal.onRender(({ start, end }) => this.#settle(start, end));
    this.#watch();
  }

  /** What is said, `done` once it is drawn. What is old is not answered. */
  write(text: string | Uint8Array, isOld = false, done = () => {}) {
    if (isOld) this.#isOld += 1;
    this.terminal.write(text, () => {
      if (isOld) this.#isOld -= 1;
      done();
    });
  }

  /** In its turn: what is being drawn still belongs to what was before. */
  reset() {
    this.terminal.write("\u001bc");
  }

  /** Ends a sequence whose rest is missing, and goes on plainly. */
  mend() {
    this.terminal.write("\u0018\u001b[0m");
  }

  /** In its turn, too. */
  resize({ columns, rows }: Size) {
    this.terminal.write("", () => this.terminal.resize(Math.min(columns, MOST), Math.min(rows, MOST)));
  }

  /** Takes the room there is; tells it whoever listens. */
  fit() {
    const room = this.#fit.proposeDimensions();
    if (!room || !Number.isFinite(room.cols) || !Number.isFinite(room.rows)) return;
    const size = { columns: Math.min(room.cols, MOST), rows: Math.min(room.rows, MOST) };
    this.terminal.resize(size.columns, size.rows);
    this.#listener.sized?.(size);
  }

  mayType(may: boolean) {
    this.#mayType = may;
    this.terminal.options.disableStdin = !may;
  }

  describe(name: string, describedBy: string) {
    this.terminal.textarea?.setAttribute("aria-label", name);
    this.terminal.textarea?.setAttribute("aria-describedby", describedBy);
  }

  /** Has what is said told to screen readers, too; it costs some speed. */
  readAloud(isOn: boolean) {
    this.terminal.options.screenReaderMode = isOn;
  }

  /** Types pasted text, in the frame that programs ask for. */
  paste(text: string) {
    this.terminal.paste(text);
  }

  dispose() {
    cancelAnimationFrame(this.#frame);
    for (const stop of this.#watching) stop();
    this.terminal.dispose();
  }

  #typed(text: string) {
    // Of several that look on, only the one with the focus answers the questions of a program.
    if (this.#mayType && this.#isOld === 0 && this.hasFocus) this.#listener.typed?.(text);
  }

  get hasFocus(): boolean {
    return this.#host.ownerDocument.activeElement === this.terminal.textarea;
  }

  /** True lets the terminal have it. */
  #key(event: KeyboardEvent): boolean {
    const own = ownKey(event);
    if (!own) return true;
    if (event.type === "keydown" && own === "leave") {
      event.preventDefault();
      this.#listener.left?.();
    }
    if (event.type === "keydown" && own === "copy") {
      event.preventDefault();
      document.execCommand("copy");
    }
    // The browser pastes by itself.
    return false;
  }

  #settle(start: number, end: number) {
    const [rows, drawn] = [
      this.#host.querySelector(".xterm-rows"),
      this.#host.querySelector<HTMLElement>(".xterm-screen"),
    ];
    if (!rows || !drawn) return;
    settleRuns([...rows.children].slice(start, end + 1), drawn.clientWidth / this.terminal.cols);
  }

  #watch() {
    const paste = (event: ClipboardEvent) => {
      event.preventDefault();
      event.stopPropagation();
      this.#listener.pasted?.(event.clipboardData?.getData("text/plain") ?? "");
    };
    this.#host.addEventListener("paste", paste, true);
    const room = new ResizeObserver(() => {
      cancelAnimationFrame(this.#frame);
      this.#frame = requestAnimationFrame(() => this.#listener.sized && this.fit());
    });
    room.observe(this.#host);
    const dress = () => {
      this.terminal.options.theme = themeNow();
    };
    const theme = new MutationObserver(dress);
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.#watching.push(
      () => this.#host.removeEventListener("paste", paste, true),
      () => room.disconnect(),
      () => theme.disconnect(),
    );
  }
}

function options(open: (address: string) => void): ITerminalOptions {
  return {
    allowProposedApi: true,
    convertEol: false,
    cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    disableStdin: true,
    fontFamily: FONT,
    fontSize: 13,
    fontWeightBold: "700",
    lineHeight: 1.2,
    macOptionClickForcesSelection: true,
    minimumContrastRatio: 4.5,
    rightClickSelectsWord: false,
    scrollback: SCROLL_BACK,
    theme: themeNow(),
    windowOptions: {},
    linkHandler: {
      allowNonHttpProtocols: false,
      activate: (event, text) => {
        event.preventDefault();
        const address = safeAddress(text);
        if (address) open(address);
      },
    },
  };
}

function themeNow() {
  const style = getComputedStyle(document.documentElement);
  const ground = style.colorScheme === "light" ? "light" : "dark";
  return themeOf((name) => style.getPropertyValue(name).trim(), ground);
}
