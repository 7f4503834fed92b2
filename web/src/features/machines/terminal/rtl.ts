// Arabic and Hebrew in a terminal. xterm.js draws letter after letter from left to right, which nobody can read; here
// each run of such letters is drawn as one piece, so that the browser joins and orders them within their cells.
// Where the cursor or the edge of a selection stands in a run, it is letters again: each must keep its cell.

const LETTER = "\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufefc";
const BETWEEN = "[\\s\\d.,:;!?،؛؟٪'\"()\\[\\]/_-]";
const RUN = new RegExp(`[${LETTER}](?:[${LETTER}\\u200c\\u200d\\u0300-\\u036f]|${BETWEEN}+(?=[${LETTER}]))*`, "g");
const SOME = new RegExp(`[${LETTER}]`);
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Where in a text such runs begin and end. */
export function runsIn(text: string): [number, number][] {
  if (!SOME.test(text)) return [];
  return [...text.matchAll(RUN)]
    .filter(([run]) => run.length > 1)
    .map((match) => [match.index, match.index + match[0].length]);
}

/** How many cells a run takes. */
export function cellsOf(run: string): number {
  return [...run].filter((sign) => !NO_WIDTH.test(sign)).length;
}

/** Gives each run that was just drawn in these rows the width of its cells, instead of room between its letters. */
export function settleRuns(rows: Iterable<Element>, cellWidth: number) {
  for (const row of rows) {
    if (!SOME.test(row.textContent ?? "")) continue;
    for (const span of row.querySelectorAll("span")) {
      const text = span.textContent ?? "";
      if (text.length < 2 || !SOME.test(text)) continue;
      span.style.letterSpacing = "normal";
      span.style.width = `${cellsOf(text) * cellWidth}px`;
    }
  }
}
