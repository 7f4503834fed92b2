import { describe, expect, it } from "vitest";
import { exportUrl, isFiltered, toServerFilters } from "./filters";

describe("audit filters", () => {
  it("cover whole days, from the first moment to the last", () => {
    const { since, until } = toServerFilters({ since: "2026-11-20", until: "2026-11-20" });
    const span = new Date(until ?? 0).getTime() - new Date(since ?? 0).getTime();
    expect(span).toBe(86_400_000 - 1);
  });

  it("leave out a day that is none", () => {
    expect(toServerFilters({ since: "soon" }).since).toBeUndefined();
  });

  it("travel with an export", () => {
    expect(exportUrl("/api/v1", "csv", { actor: "usr_1", outcome: "denied" })).toBe(
      "/api/v1/audit/export?format=csv&actor=usr_1&outcome=denied",
    );
  });

  it("do not count the chosen view", () => {
    expect(isFiltered({ view: "suspicious" })).toBe(false);
    expect(isFiltered({ view: undefined, actor: "usr_1" })).toBe(true);
  });
});
