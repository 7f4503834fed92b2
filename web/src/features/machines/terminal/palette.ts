// The colours of terminals: paper and ink are those of the page, the sixteen that programs name are chosen so that
// each can be read on it.

export type Ground = "light" | "dark";

/** Black, red, green, yellow, blue, magenta, cyan, white, and the same brighter. */
const SIXTEEN: Record<Ground, string[]> = {
  light: [
    "#17181c",
    "#ad1f14",
    "#106443",
    "#7d4a00",
    "#2b45c9",
    "#8a2a9c",
    "#0b6472",
    "#50525a",
    "#63656e",
    "#c2331f",
    "#1a7a50",
    "#8f5a00",
    "#3f5be0",
    "#a23fb4",
    "#127686",
    "#17181c",
  ],
  dark: [
    "#787c8b",
    "#ff8f86",
    "#6bd6a7",
    "#f1bd66",
    "#9aabff",
    "#d7a1f5",
    "#7fd7e0",
    "#d5d8e0",
    "#9497a4",
    "#ffb0a8",
    "#98e8c4",
    "#ffd996",
    "#bac6ff",
    "#e9c3ff",
    "#a4f0f8",
    "#ffffff",
  ],
};

const names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

/** The theme of a terminal on a page with these tokens. */
export function themeOf(token: (name: string) => string, ground: Ground) {
  const [paper, ink, accent] = [token("--surface"), token("--ink"), token("--accent")];
  const sixteen = SIXTEEN[ground];
  const named = names.flatMap((name, at) => [
    [name, sixteen[at]],
    [`bright${name[0]?.toUpperCase()}${name.slice(1)}`, sixteen[at + 8]],
  ]);
  return {
    background: paper,
    foreground: ink,
    cursor: accent,
    cursorAccent: paper,
    selectionBackground: token("--accent-soft"),
    selectionForeground: ink,
    scrollbarSliderBackground: token("--line"),
    scrollbarSliderHoverBackground: token("--edge"),
    scrollbarSliderActiveBackground: token("--edge"),
    ...Object.fromEntries(named),
  };
}

export { SIXTEEN };
