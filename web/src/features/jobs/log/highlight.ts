// Marks what is searched for in a line, across the parts that look different.
import type { Span } from "@/features/machines/output/transcript";

export interface Marked extends Span {
  isFound: boolean;
}

export function marked(spans: Span[], sought: string): Marked[] {
  const text = spans.map((span) => span.text).join("");
  const places = placesOf(lower(text), lower(sought));
  if (places.length === 0) return spans.map((span) => ({ ...span, isFound: false }));
  const all: Marked[] = [];
  let from = 0;
  for (const span of spans) {
    const end = from + span.text.length;
    const cuts = places.flatMap((place) => [place, place + sought.length]).filter((cut) => cut > from && cut < end);
    const edges = [from, ...new Set(cuts), end];
    for (let at = 0; at + 1 < edges.length; at += 1) {
      const [begin = 0, stop = 0] = [edges[at], edges[at + 1]];
      const isFound = places.some((place) => begin >= place && begin < place + sought.length);
      all.push({ text: text.slice(begin, stop), look: span.look, isFound });
    }
    from = end;
  }
  return all;
}

/** As the server looks: small letters from A to Z are as good as large ones, and nothing becomes longer. */
const lower = (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

function placesOf(text: string, sought: string): number[] {
  const places: number[] = [];
  if (sought === "") return places;
  for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + sought.length)) places.push(at);
  return places;
}
