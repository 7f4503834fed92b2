import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { channels, contrast } from "../output/look";
import { SIXTEEN, themeOf } from "./palette";

const css = readFileSync(new URL("../../../app/tokens.css", import.meta.url), "utf8");
const tokens = (theme: string) => {
  const block = css.slice(css.indexOf(`[data-theme="${theme}"]`));
  return (name: string) => new RegExp(`${name}: (#[0-9a-f]{6})`).exec(block)?.[1] ?? "";
};

describe("the colours of a terminal", () => {
  it.each([
    ["light", "light"],
    ["dark", "dark"],
    ["brand", "dark"],
  ] as const)("can all be read in the theme %s", (theme, ground) => {
    const paper = channels(tokens(theme)("--surface"));
    for (const colour of SIXTEEN[ground]) {
      const bar = colour === SIXTEEN.dark[0] ? 3 : 4.5;
      expect(contrast(channels(colour), paper), colour).toBeGreaterThanOrEqual(bar);
    }
  });

  it("take paper and ink from the page", () => {
    const theme: Record<string, string | undefined> = themeOf(tokens("dark"), "dark");
    expect([theme.background, theme.foreground, theme.red, theme.brightCyan]).toEqual([
      "#131419",
      "#f0f1f4",
      "#ff8f86",
      "#a4f0f8",
    ]);
  });
});
