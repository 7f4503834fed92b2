import { describe, expect, it } from "vitest";
import { LogWindow, MOST_LINES } from "./window";

const bytes = (text: string) => new TextEncoder().encode(text);
const texts = (window: LogWindow) => window.lines.map(({ spans }) => spans.map(({ text }) => text).join(""));

function fresh(): LogWindow {
  let order = 0;
  return new LogWindow(1, () => order++);
}

function orders() {
  let order = 0;
  return () => --order;
}

describe("the part of a log that is held", () => {
  it("has the same lines however the bytes are cut", () => {
    const text = "one\r\ntwo \u001b[31mred\nstill\u001b[0m\nمهمة 🚀\n\nlast";
    const all = bytes(text);
    for (let cut = 0; cut <= all.length; cut += 1) {
      const window = fresh();
      window.append(all.subarray(0, cut), 0);
      window.append(all.subarray(cut), cut);
      expect(texts(window)).toEqual(["one", "two red", "still", "مهمة 🚀", "", "last"]);
      expect(window.lines.map(({ at }) => at)).toEqual([0, 5, 18, 28, 42, 43]);
      expect(window.lines[2]?.spans[0]?.look.ink).not.toBeNull();
      expect(window.end).toBe(all.length);
    }
  });

  it("takes nothing twice and begins anew after a hole, with a whole line", () => {
    const window = fresh();
    window.append(bytes("one\ntwo\n"), 0);
    window.append(bytes("one\ntwo\nthree\n"), 0);
    expect(texts(window)).toEqual(["one", "two", "three"]);
    window.append(bytes("alf\nwhole\n"), 100);
    expect(texts(window)).toEqual(["whole"]);
    expect([window.start, window.end]).toEqual([104, 110]);
    window.append(bytes("xx\nlater\n"), 200);
    expect(texts(window)).toEqual(["later"]);
  });

  it("grows at its beginning, without a line that is cut", () => {
    const all = bytes("zero\none\ntwo\nthree\n");
    const window = fresh();
    const order = orders();
    window.append(all.subarray(9), 9);
    expect(window.lines[0]?.spans[0]?.text).toBe("three");
    expect(window.start).toBe(13);
    expect(window.prepend(all.subarray(2, 13), 2, order)).toBe(true);
    expect(texts(window)).toEqual(["one", "two", "three"]);
    expect(window.start).toBe(5);
    expect(window.prepend(all.subarray(0, 5), 0, order)).toBe(true);
    expect(texts(window)).toEqual(["zero", "one", "two", "three"]);
    const turns = window.lines.map((line) => line.order);
    expect(turns).toEqual([...turns].sort((one, other) => one - other));
  });

  it("says when nothing of what came before has a beginning", () => {
    const window = fresh();
    window.append(bytes("x\nend\n"), 50);
    expect(window.prepend(bytes("long long\n"), 42, orders())).toBe(false);
    expect(texts(window)).toEqual(["end"]);
  });

  it("keeps its bounds at both ends and goes on where it was cut", () => {
    const count = MOST_LINES + 500;
    const all = bytes(Array.from({ length: count }, (_, at) => `line ${at}\n`).join(""));
    const window = fresh();
    window.append(all, 0);
    window.cutStart();
    expect(window.lines).toHaveLength(MOST_LINES);
    expect(texts(window)[0]).toBe("line 500");
    window.cutEnd(10);
    expect(texts(window).at(-1)).toBe("line 509");
    window.append(all.subarray(window.end, window.end + 9), window.end);
    expect(texts(window).slice(-1)).toEqual(["line 510"]);
  });

  it("breaks a line without an end, not a letter, and forgets what was written over", () => {
    const window = fresh();
    window.append(bytes("م".repeat(20_000)), 0);
    expect(window.lines.length).toBe(3);
    expect(texts(window).join("")).toBe("م".repeat(20_000));
    const bar = fresh();
    for (let at = 0; at < 40_000; at += 1000) bar.append(bytes(`${String(at).padStart(999)}\r`), at);
    expect(texts(bar).map((text) => text.trim())).toEqual(["39000"]);
  });

  it("gives a line that grows its turn", () => {
    let order = 0;
    const next = () => order++;
    const [one, other] = [new LogWindow(1, next), new LogWindow(2, next)];
    one.append(bytes("begun"), 0);
    other.append(bytes("error\n"), 0);
    one.append(bytes(" and ended\nnext\n"), 5);
    expect(one.lines.map((line) => line.order)).toEqual([0, 2]);
    expect(other.lines[0]?.order).toBe(1);
  });
});
