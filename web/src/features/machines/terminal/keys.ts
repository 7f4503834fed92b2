// What keys and pasted text come to, before they are typed.

/** What each key of the row for phones types. */
export const phoneKeys = [
  { name: "Esc", types: "\u001b" },
  { name: "Tab", types: "\t" },
  { name: "Ctrl", types: null },
  { name: "←", types: "D" },
  { name: "↓", types: "B" },
  { name: "↑", types: "A" },
  { name: "→", types: "C" },
  { name: "|", types: "|" },
  { name: "/", types: "/" },
  { name: "~", types: "~" },
  { name: "-", types: "-" },
] as const;

export type PhoneKey = (typeof phoneKeys)[number]["name"];

/** An arrow says itself otherwise to programs that asked for that. */
export function typedBy(key: PhoneKey, isApplication: boolean): string {
  const types = phoneKeys.find(({ name }) => name === key)?.types ?? "";
  return /^[A-D]$/.test(types) ? `\u001b${isApplication ? "O" : "["}${types}` : types;
}

/** The letter together with Ctrl; what has no such form stays as it is. */
export function withCtrl(text: string): string {
  if (text.length !== 1) return text;
  if (text === " ") return "\0";
  if (text === "?") return "\u007f";
  const code = text.toUpperCase().charCodeAt(0);
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code - 0x40) : text;
}

type Key = Pick<KeyboardEvent, "code" | "ctrlKey" | "shiftKey" | "altKey" | "metaKey">;

/** The few combinations that are not for the program. By the place on the keyboard, for Arabic layouts too. */
export function ownKey({ code, ctrlKey, shiftKey, altKey, metaKey }: Key): "leave" | "copy" | "paste" | null {
  if (!ctrlKey || !shiftKey || altKey || metaKey) return null;
  if (code === "KeyE") return "leave";
  if (code === "KeyC") return "copy";
  return code === "KeyV" ? "paste" : null;
}

/** Pasted text without what would steer the terminal, or end the frame around it, instead of being text. */
export function plainPaste(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are to go.
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, "");
}

/** How many lines a program would take as typed one after another. */
export function linesOf(text: string): number {
  return text.split(/\r\n|\r|\n/).length;
}

/** An address behind a link that a program wrote, if one may go there. */
export function safeAddress(text: string): string | null {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}
