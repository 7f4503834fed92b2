import { describe, expect, it } from "vitest";
import { joinLine, splitLine } from "./argv";

const argv = (line: string) => splitLine(line).argv;

describe("a line", () => {
  it("is split as a shell splits it", () => {
    expect(argv("  git   log\t-n 5 ")).toEqual(["git", "log", "-n", "5"]);
    expect(argv(`echo 'a  b' "c 'd'" e\\ f`)).toEqual(["echo", "a  b", "c 'd'", "e f"]);
    expect(argv(`a"b"'c'd`)).toEqual(["abcd"]);
    expect(argv(`"" ''`)).toEqual(["", ""]);
    expect(argv(`"\\$x \\n \\\\ \\""`)).toEqual(['$x \\n \\ "']);
    expect(argv(`'\\'`)).toEqual(["\\"]);
    expect(argv("")).toEqual([]);
  });

  it("means nothing more than its words, and says which signs a shell would have acted on", () => {
    const line = splitLine("cat *.log | head > x '$HOME'");
    expect(line.argv).toEqual(["cat", "*.log", "|", "head", ">", "x", "$HOME"]);
    expect(line.plain).toEqual(["*", "|", ">"]);
    expect(splitLine("a 'b|c' \"*\" \\;").plain).toEqual([]);
  });

  it("that is not finished says so", () => {
    expect(splitLine("echo 'a").fault).toBe("open_quote");
    expect(splitLine('echo "a').fault).toBe("open_quote");
    expect(splitLine("echo \\").fault).toBe("open_backslash");
    expect(splitLine("echo a").fault).toBeNull();
  });

  it("has the limits of a command", () => {
    expect(splitLine("a ".repeat(64)).fault).toBeNull();
    expect(splitLine("a ".repeat(65)).fault).toBe("too_many");
    expect(splitLine("é".repeat(16 * 1024)).fault).toBe("too_long");
    expect(splitLine("echo a\u202eb").fault).toBe("hidden");
    expect(splitLine("echo a\u0007b").fault).toBe("hidden");
  });

  it.each([[["git", "log"]], [["a b", "it's", "", "*", "$x", "\\"]], [["سلام", "x=1"]]])(
    "comes back as it was: %j",
    (words) => {
      expect(argv(joinLine(words))).toEqual(words);
    },
  );
});
