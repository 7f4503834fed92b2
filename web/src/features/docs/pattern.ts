// A text that a pattern accepts, for the patterns that APIs use: characters, classes, groups and counts.

/** Null where the pattern uses something that is not known here; the answer is checked, never guessed. */
export function textFor(pattern: string): string | null {
  try {
    const text = new Reader(pattern).all();
    return new RegExp(pattern, "u").test(text) ? text : null;
  } catch {
    return null;
  }
}

const named: Record<string, string> = { d: "0123456789", w: "abcdefghij0123456789_", s: " " };
const MANY = 3;

class Reader {
  #at = 0;
  // Runs through the letters of a class instead of repeating the first, so that an id looks like one.
  #turn = 0;
  readonly #pattern: string;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  all(): string {
    const text = this.#choice();
    if (this.#at < this.#pattern.length) throw new Error("an end too early");
    return text;
  }

  /** The first of the alternatives. */
  #choice(): string {
    const first = this.#sequence();
    while (this.#peek() === "|") {
      this.#at += 1;
      this.#sequence();
    }
    return first;
  }

  #sequence(): string {
    let text = "";
    while (this.#at < this.#pattern.length && !"|)".includes(this.#peek())) {
      const start = this.#at;
      const once = this.#atom();
      const end = this.#at;
      const times = this.#times();
      const after = this.#at;
      if (times > 0) text += once;
      // The same atom is read again for each repetition, since a class gives another letter every time.
      for (let done = 1; done < times; done += 1) {
        this.#at = start;
        text += this.#atom();
        if (this.#at !== end) throw new Error("read differently");
      }
      this.#at = after;
    }
    return text;
  }

  #atom(): string {
    const char = this.#next();
    if (char === "^" || char === "$") return "";
    if (char === ".") return "a";
    if (char === "[") return this.#class();
    if (char === "(") return this.#group();
    if (char === "\\") return this.#escaped();
    if ("*+?{".includes(char)) throw new Error("nothing to repeat");
    return char;
  }

  #group(): string {
    if (this.#peek() === "?") {
      if (this.#pattern.slice(this.#at, this.#at + 2) !== "?:") throw new Error("a group of another kind");
      this.#at += 2;
    }
    const text = this.#choice();
    if (this.#next() !== ")") throw new Error("a group without an end");
    return text;
  }

  #escaped(): string {
    const char = this.#next();
    const letters = named[char];
    if (letters) return this.#pick(letters);
    if (/[a-z0-9]/i.test(char)) throw new Error("an escape of another kind");
    return char;
  }

  #class(): string {
    let letters = "";
    const negated = this.#peek() === "^";
    if (negated) this.#at += 1;
    while (this.#peek() !== "]") {
      let char = this.#next();
      if (char === "\\") {
        char = this.#next();
        if (named[char]) {
          letters += named[char];
          continue;
        }
      }
      if (this.#peek() === "-" && this.#pattern[this.#at + 1] !== "]") {
        this.#at += 1;
        letters += range(char, this.#next());
      } else letters += char;
    }
    this.#at += 1;
    if (!negated) return this.#pick(letters);
    return this.#pick([..."abcdefghij0123456789"].filter((one) => !letters.includes(one)).join(""));
  }

  #pick(letters: string): string {
    if (!letters) throw new Error("an empty class");
    // Letters and digits read better than signs, where a class holds both.
    const plainOnes = letters.replaceAll(/[^a-z0-9]/g, "");
    const chosen = plainOnes || letters;
    this.#turn += 1;
    return chosen[(this.#turn * 7) % chosen.length] ?? "";
  }

  #times(): number {
    const sign = this.#peek();
    if (sign === "*" || sign === "?") {
      this.#at += 1;
      return 0;
    }
    if (sign === "+") {
      this.#at += 1;
      return MANY;
    }
    const counts = /^\{(\d+)(?:,(\d*))?\}/.exec(this.#pattern.slice(this.#at));
    if (!counts) return 1;
    this.#at += counts[0].length;
    return Math.min(Number(counts[1]) || (counts[2] === undefined ? 0 : 1), 1000);
  }

  #peek(): string {
    return this.#pattern[this.#at] ?? "";
  }

  #next(): string {
    const char = this.#pattern[this.#at];
    if (char === undefined) throw new Error("an end too early");
    this.#at += 1;
    return char;
  }
}

function range(from: string, to: string): string {
  let letters = "";
  for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code += 1) letters += String.fromCharCode(code);
  return letters;
}
