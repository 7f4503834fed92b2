import { describe, expect, it } from "vitest";
import { blocksOf, inlinesOf } from "./markdown";

describe("descriptions", () => {
  it("know code, weight and links", () => {
    expect(inlinesOf("Send `id` **now**, *please*: [how](https://example.com).")).toEqual([
      { kind: "text", text: "Send " },
      { kind: "code", text: "id" },
      { kind: "text", text: " " },
      { kind: "strong", text: "now" },
      { kind: "text", text: ", " },
      { kind: "em", text: "please" },
      { kind: "text", text: ": " },
      { kind: "link", text: "how", to: "https://example.com" },
      { kind: "text", text: "." },
    ]);
  });

  it("lead nowhere that runs or leaves unseen", () => {
    for (const to of ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example", "vbscript:x"]) {
      expect(
        inlinesOf(`[click](${to})`).some(({ kind }) => kind === "link"),
        to,
      ).toBe(false);
    }
    expect(inlinesOf("[here](#list_users)")[0]).toMatchObject({ kind: "link", to: "#list_users" });
  });

  it("leave markup as text", () => {
    expect(inlinesOf("<img src=x onerror=alert(1)>")).toEqual([{ kind: "text", text: "<img src=x onerror=alert(1)>" }]);
  });

  it("fall into paragraphs, lists, headings and code", () => {
    expect(
      blocksOf("One\nline.\n\n# Title\n- a\n- b\n  more\n\n1. first\n\n```\nx  y\n```\nend").map(({ kind }) => kind),
    ).toEqual(["paragraph", "heading", "list", "list", "code", "paragraph"]);
    expect(blocksOf("- a\n- b\n  more")).toEqual([
      { kind: "list", ordered: false, items: [[{ kind: "text", text: "a" }], [{ kind: "text", text: "b more" }]] },
    ]);
    expect(blocksOf("```\nnever closed")).toEqual([{ kind: "code", text: "never closed" }]);
  });
});
