// A small icon set drawn on one 24-unit grid with one stroke, so the interface speaks with one hand.
import { cx } from "./cx";

const shapes = {
  home: "M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-4.5v-6h-5v6H5a1 1 0 0 1-1-1z",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.3-3.6 2.8-6 6.5-6s6.2 2.4 6.5 6M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.3c2 .8 3.3 2.8 3.5 5.7",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.4-4 3.3-6 7.5-6s7.1 2 7.5 6",
  mail: "M4 5.500h16a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1zM3.5 7l8.5 6 8.5-6",
  audit:
    "M7 3.500h10a1.5 1.5 0 0 1 1.5 1.500v15.500l-3-2-3.5 2-3.5-2-3 2V5A1.5 1.5 0 0 1 7 3.500zM9 8.500h6M9 12.500h6",
  settings:
    "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM9 14.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  docs: "M8 8l-4 4 4 4M16 8l4 4-4 4M13.5 5.500l-3 13",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.500L20.5 20.5",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.500l4.5 4.500L19 7.5",
  chevron: "M9 6l6 6-6 6",
  down: "M6 9.500l6 6 6-6",
  plus: "M12 5v14M5 12h14",
  copy: "M9 9h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H9a1 1 0 0 1-1-1V10a1 1 0 0 1 1-1zM5 15H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v1",
  key: "M14.5 14a5 5 0 1 0-4.8-3.600L3.5 16.600V20.500h3.900v-2.300h2.300v-2.300h1.500l1-1c.7.1 1.5.1 2.3 0zM16 8h.01",
  shield: "M12 3.500l7.5 2.800v5.200c0 4.4-3 7.6-7.5 9.5-4.5-1.9-7.5-5.1-7.5-9.500V6.300z",
  "shield-check":
    "M12 3.500l7.5 2.800v5.200c0 4.4-3 7.6-7.5 9.5-4.5-1.9-7.5-5.1-7.5-9.500V6.300zM8.8 12l2.3 2.3 4.2-4.3",
  phone:
    "M8 3h8a1.5 1.5 0 0 1 1.5 1.500v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.500v-15A1.5 1.5 0 0 1 8 3zM11 18h2",
  laptop: "M5.5 5h13a1 1 0 0 1 1 1v9h-15V6a1 1 0 0 1 1-1zM2.5 18.500h19",
  machine:
    "M4.5 4h15a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM4.5 13h15a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1v-5a1 1 0 0 1 1-1zM7 7.500h.01M7 16.500h.01M11 7.500h6M11 16.500h6",
  cards: "M4 4.500h7v6.500H4zM13 4.500h7v6.500h-7zM4 13h7v6.500H4zM13 13h7v6.500h-7z",
  rows: "M4 6h16M4 12h16M4 18h16",
  play: "M7 4.500l12 7.500-12 7.500z",
  stop: "M6.5 6.500h11v11h-11z",
  tag: "M11.5 4H5a1 1 0 0 0-1 1v6.500l8.300 8.300a1.5 1.5 0 0 0 2.100 0l5.400-5.400a1.5 1.5 0 0 0 0-2.100zM8 8h.01",
  terminal: "M4 5h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM7 9.500l3 2.5-3 2.500M12.5 15h4",
  warning: "M12 4l9 15.500H3zM12 10v4M12 16.800v.01",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.500M12 7.800v.01",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5.200l3.3 2",
  database:
    "M12 4c4.4 0 8 1.3 8 3s-3.6 3-8 3-8-1.3-8-3 3.6-3 8-3zM4 7v10c0 1.7 3.6 3 8 3s8-1.3 8-3V7M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.500M4.5 19.500h15",
  trash: "M4.5 6.500h15M9.5 6V4h5v2M6.5 6.500l.9 13.500h9.200l.9-13.500M10 10.500v6M14 10.500v6",
  pencil: "M4.5 19.500l.9-4L16 4.900a1.5 1.5 0 0 1 2.1 0l1 1a1.5 1.5 0 0 1 0 2.100L8.5 18.600z",
  out: "M14 4.500H6A1.5 1.5 0 0 0 4.5 6v12A1.5 1.5 0 0 0 6 19.500h8M10 12h10.500M17 8.500l3.5 3.5-3.5 3.5",
  eye: "M2.5 12C4.5 8 8 6 12 6s7.5 2 9.5 6c-2 4-5.5 6-9.5 6s-7.5-2-9.5-6zM12 14.800a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.600z",
  "eye-off":
    "M4 4l16 16M9.9 6.200C10.6 6.1 11.3 6 12 6c4 0 7.5 2 9.5 6-.7 1.4-1.6 2.5-2.6 3.400M6.3 7.800C4.7 8.8 3.4 10.2 2.5 12c2 4 5.5 6 9.5 6 1.6 0 3.1-.3 4.5-1",
  refresh: "M20 5v5h-5M4 19v-5h5M5.5 9A7.2 7.2 0 0 1 18 7l2 3M18.5 15A7.2 7.2 0 0 1 6 17l-2-3",
  theme: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 3v18M12 8h7.800M12 16h7.800M12 12h9",
  language:
    "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3.5 12h17M12 3c2.5 2.5 3.8 5.5 3.8 9s-1.3 6.5-3.8 9c-2.5-2.5-3.8-5.5-3.8-9S9.5 5.5 12 3z",
  keyboard:
    "M4 6h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1zM7 10h.01M10.3 10h.01M13.7 10h.01M17 10h.01M8 14h8",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  inbox: "M5.5 5h13l2.5 8v5a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-5zM3 13h5l1.5 2.500h5L16 13h5",
  link: "M10 14a4 4 0 0 0 5.7 0l3.2-3.200a4 4 0 0 0-5.7-5.700l-1 1M14 10a4 4 0 0 0-5.7 0l-3.2 3.200a4 4 0 0 0 5.7 5.700l1-1",
  lock: "M6 10.500h12a1 1 0 0 1 1 1V19a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-7.500a1 1 0 0 1 1-1zM8 10.500V8a4 4 0 0 1 8 0v2.5",
} as const;

export type IconName = keyof typeof shapes;

/** Shapes that point along the line of reading turn round in right-to-left text. */
const directional = new Set<IconName>(["chevron", "out", "play"]);

export function Icon({ name, className }: { name: IconName; className?: string | undefined }) {
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 2.6 : 1.7}
      strokeLinecap="round"
      strokeLinejoin="round"
      className={cx("size-[1.125rem] shrink-0", directional.has(name) && "rtl:-scale-x-100", className)}
    >
      <path d={shapes[name]} />
    </svg>
  );
}
