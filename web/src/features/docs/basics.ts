/** What holds for every operation, by its place on the page. */
export const basics = ["authentication", "problems", "live-feed"] as const;
export type Basic = (typeof basics)[number];
