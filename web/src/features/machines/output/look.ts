// Colours and weights that a program asks for (SGR), made readable: whatever is asked, the text stands out from
// what is behind it.

export interface Look {
  /** Of the text and behind it: `#rrggbb`, or null for what is usual. */
  ink: string | null;
  behind: string | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  strike: boolean;
  inverse: boolean;
}

export const NO_LOOK: Look = {
  ink: null,
  behind: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
};

/** Where output is shown, it is dark in every theme, as terminals are. The same values stand in output-view.tsx. */
export const PAPER = "#14161c";
export const INK = "#e6e8ee";
const LEAST_CONTRAST = 4.6;

const SIXTEEN = [
  "#2a2e38",
  "#f07178",
  "#8fd694",
  "#e8c170",
  "#8fb0ff",
  "#d7a1f5",
  "#7fd7e0",
  "#d5d8e0",
  "#8b90a0",
  "#ff8f96",
  "#aef0b3",
  "#ffdc8f",
  "#adc5ff",
  "#e9c3ff",
  "#a4f0f8",
  "#ffffff",
];

/** The look after a sequence with these parameters. */
export function lookAfter(before: Look, parameters: string): Look {
  const codes = parameters.split(/[;:]/).map((code) => (code === "" ? 0 : Number(code)));
  let look = { ...before };
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const [colour, used] = extended(codes.slice(at + 1));
      if (code === 38) look.ink = colour ?? look.ink;
      else look.behind = colour ?? look.behind;
      at += used;
    } else look = simple(look, code);
  }
  return look;
}

function simple(look: Look, code: number): Look {
  if (code === 0) return NO_LOOK;
  if (code === 1) return { ...look, bold: true };
  if (code === 2) return { ...look, dim: true };
  if (code === 3) return { ...look, italic: true };
  if (code === 4) return { ...look, underline: true };
  if (code === 7) return { ...look, inverse: true };
  if (code === 9) return { ...look, strike: true };
  if (code === 22) return { ...look, bold: false, dim: false };
  if (code === 23) return { ...look, italic: false };
  if (code === 24) return { ...look, underline: false };
  if (code === 27) return { ...look, inverse: false };
  if (code === 29) return { ...look, strike: false };
  if (code >= 30 && code <= 37) return { ...look, ink: SIXTEEN[code - 30] ?? null };
  if (code >= 90 && code <= 97) return { ...look, ink: SIXTEEN[code - 82] ?? null };
  if (code >= 40 && code <= 47) return { ...look, behind: SIXTEEN[code - 40] ?? null };
  if (code >= 100 && code <= 107) return { ...look, behind: SIXTEEN[code - 92] ?? null };
  if (code === 39) return { ...look, ink: null };
  if (code === 49) return { ...look, behind: null };
  return look;
}

/** A colour of 256 or of all, and how many numbers named it. */
function extended(rest: number[]): [string | null, number] {
  if (rest[0] === 5) return [ofPalette(rest[1] ?? -1), 2];
  if (rest[0] === 2) return [hex([rest[1] ?? 0, rest[2] ?? 0, rest[3] ?? 0]), 4];
  return [null, 0];
}

function ofPalette(n: number): string | null {
  if (!Number.isInteger(n) || n < 0 || n > 255) return null;
  if (n < 16) return SIXTEEN[n] ?? null;
  if (n >= 232) return hex([8 + (n - 232) * 10, 8 + (n - 232) * 10, 8 + (n - 232) * 10]);
  const step = (level: number) => (level === 0 ? 0 : 55 + level * 40);
  return hex([step(Math.floor((n - 16) / 36)), step(Math.floor((n - 16) / 6) % 6), step((n - 16) % 6)]);
}

/** What is drawn: the colour of the text is moved until it can be read. */
export function drawn(look: Look): { color: string | undefined; background: string | undefined } {
  const [ink, behind] = look.inverse ? [look.behind ?? PAPER, look.ink ?? INK] : [look.ink, look.behind];
  if (ink === null && behind === null) return { color: undefined, background: undefined };
  return { color: readable(ink ?? INK, behind ?? PAPER), background: behind ?? undefined };
}

function readable(ink: string, behind: string): string {
  const paper = channels(behind);
  const goal = luminance(paper) < 0.18 ? 255 : 0;
  const begin = channels(ink);
  for (let step = 0; step <= 10; step += 1) {
    const mixed = begin.map((part) => part + ((goal - part) * step) / 10);
    if (contrast(mixed, paper) >= LEAST_CONTRAST) return hex(mixed);
  }
  return hex([goal, goal, goal]);
}

export function contrast(one: number[], other: number[]): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(parts: number[]): number {
  const [r = 0, g = 0, b = 0] = parts.map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}

function hex(parts: number[]): string {
  const byte = (part: number) =>
    Math.round(Math.min(255, Math.max(0, part || 0)))
      .toString(16)
      .padStart(2, "0");
  return `#${parts.map(byte).join("")}`;
}
