import { describe, expect, it } from "vitest";
import { linesOf, ownKey, plainPaste, safeAddress, typedBy, withCtrl } from "./keys";

const key = (code: string, more: object = {}) => ({
  code,
  ctrlKey: true,
  shiftKey: true,
  altKey: false,
  metaKey: false,
  ...more,
});

describe("keys", () => {
  it("of the row for phones type what they say", () => {
    expect([typedBy("Esc", false), typedBy("Tab", false), typedBy("|", true)]).toEqual(["\u001b", "\t", "|"]);
    expect([typedBy("↑", false), typedBy("←", true)]).toEqual(["\u001b[A", "\u001bOD"]);
  });

  it("change with Ctrl where there is such a form", () => {
    expect(["c", "C", "[", " ", "?", "س", "5", "ab"].map(withCtrl)).toEqual([
      "\u0003",
      "\u0003",
      "\u001b",
      "\0",
      "\u007f",
      "س",
      "5",
      "ab",
    ]);
  });

  it("leave all but three combinations to the program", () => {
    expect([ownKey(key("KeyE")), ownKey(key("KeyC")), ownKey(key("KeyV"))]).toEqual(["leave", "copy", "paste"]);
    const others = [
      key("KeyC", { shiftKey: false }),
      key("KeyE", { altKey: true }),
      key("KeyV", { ctrlKey: false }),
      key("Escape"),
      key("Tab"),
    ];
    expect(others.map(ownKey)).toEqual([null, null, null, null, null]);
  });
});

describe("pasted text", () => {
  it("cannot end the frame around it, nor steer the terminal", () => {
    expect(plainPaste("a\u001b[201~\nrm -rf /\u0003\u009b2Jb\tc")).toBe("a[201~\nrm -rf /2Jb\tc");
    expect(plainPaste("مرحبا\r\n")).toBe("مرحبا\r\n");
  });

  it("is counted by lines", () => {
    expect(["", "a", "a\n", "a\r\nb\rc"].map(linesOf)).toEqual([1, 1, 2, 3]);
  });
});

describe("a link", () => {
  it("leads to the web or nowhere", () => {
    expect(safeAddress("https://example.com/a")).toBe("https://example.com/a");
    for (const bad of ["javascript:alert(1)", "file:///etc/passwd", "ssh://x", "data:text/html,x", "nothing", ""]) {
      expect(safeAddress(bad), bad).toBeNull();
    }
  });
});
