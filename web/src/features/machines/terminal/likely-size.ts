// How large a terminal will be, before it is there: a shell that begins with the right width need not draw its first
// line anew. The screen tells its true size afterwards.
import type { Size } from "./access";

const LETTER = { width: 7.8, height: 20 };
/** What lies around the letters: borders, padding, the scroll bar; above and below, the page. */
const AROUND = { card: 32, window: 30, page: 408, bars: 190 };

export function likelySize(card: number, view: { width: number; height: number }): Size {
  const isPhone = view.width <= 640;
  const width = isPhone ? view.width - AROUND.window : card - AROUND.card;
  const height = isPhone ? view.height - AROUND.bars : Math.max(272, view.height - AROUND.page);
  const within = (count: number) => Math.min(1000, Math.max(2, Math.floor(count)));
  return { columns: within(width / LETTER.width), rows: within(height / LETTER.height) };
}
