// A tiny drawing of the dashboard in a theme's own colours.
import type { Theme } from "@/api/types";

type Colors = [paper: string, card: string, line: string, accent: string];

const palette: Record<Exclude<Theme, "system">, Colors> = {
  light: ["#f7f7f5", "#ffffff", "#d4d4cf", "#2b45c9"],
  dark: ["#0c0d11", "#1b1d24", "#3a3e4a", "#9aabff"],
  brand: ["#0b1140", "#1a246c", "#3b489c", "#e8c170"],
};

export function ThemePicture({ theme }: { theme: Theme }) {
  return (
    <svg viewBox="0 0 120 64" aria-hidden="true" className="block w-full border-b border-line">
      {theme === "system" ? (
        <>
          <Drawing colors={palette.light} />
          <g className="[clip-path:inset(0_0_0_50%)]">
            <Drawing colors={palette.dark} />
          </g>
        </>
      ) : (
        <Drawing colors={palette[theme]} />
      )}
    </svg>
  );
}

function Drawing({ colors: [paper, card, line, accent] }: { colors: Colors }) {
  return (
    <>
      <rect width="120" height="64" fill={paper} />
      <rect x="8" y="10" width="18" height="5" rx="2" fill={accent} />
      <rect x="8" y="20" width="18" height="4" rx="2" fill={line} />
      <rect x="8" y="28" width="14" height="4" rx="2" fill={line} />
      <rect x="34" y="10" width="78" height="46" rx="4" fill={card} stroke={line} />
      <rect x="41" y="18" width="34" height="5" rx="2" fill={line} />
      <rect x="41" y="28" width="62" height="4" rx="2" fill={line} />
      <rect x="41" y="42" width="24" height="7" rx="2.5" fill={accent} />
    </>
  );
}
