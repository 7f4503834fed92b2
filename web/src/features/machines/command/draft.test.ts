import { describe, expect, it } from "vitest";
import type { CommandOperation } from "@/api/types";
import { type Draft, draftOf, emptyDraft, faultsOf, isPathFit, kinds, operationOf, summary } from "./draft";

const draft = (part: Partial<Draft>): Draft => ({ ...emptyDraft("projects"), ...part });

describe("the form of a command", () => {
  it("comes to an operation once nothing is missing", () => {
    expect(operationOf(draft({ line: "git log -n 5", path: " api " }))).toEqual({
      kind: "exec",
      argv: ["git", "log", "-n", "5"],
      root: "projects",
      path: "api",
    });
    expect(operationOf(draft({}))).toBeNull();
    expect(operationOf(draft({ line: "echo 'a" }))).toBeNull();
    expect(operationOf(draft({ line: "''" }))).toBeNull();
    expect(operationOf(draft({ line: "ls", root: " " }))).toBeNull();
    expect(operationOf(draft({ kind: "git.clone", url: "https://example.org/x.git" }))).toBeNull();
    expect(operationOf(draft({ kind: "service.restart", service: "nginx" }))).toEqual({
      kind: "service.restart",
      service: "nginx",
    });
  });

  it.each(["/etc", "../x", "a/../b", "~/x", "a\\..\\b"])("refuses a path that leads elsewhere: %s", (path) => {
    expect(isPathFit(path)).toBe(false);
    expect(operationOf(draft({ kind: "build", path }))).toBeNull();
  });

  it("says at which of its fields something is missing or unfit", () => {
    const faults = (part: Partial<Draft>) => [...faultsOf(draft(part))];
    expect(faults({ path: "/etc" })).toEqual([
      ["line", "required"],
      ["path", "unfit"],
    ]);
    expect(faults({ line: "''" })).toEqual([["line", "required"]]);
    expect(faults({ kind: "script", args: "'a" })).toEqual([
      ["source", "required"],
      ["args", "unfit"],
    ]);
    // What another kind asked for is not in the way.
    expect(faults({ kind: "service.status", service: "nginx", path: "/etc" })).toEqual([]);
  });

  it("is filled in again from an operation, of every kind", () => {
    const all: CommandOperation[] = [
      { kind: "exec", argv: ["echo", "a b", "it's"], root: "r", path: "p" },
      { kind: "git.clone", url: "https://example.org/x.git", root: "r", path: "x", branch: "main" },
      ...(["git.status", "git.pull", "git.push", "build", "test"] as const).map((kind) => ({
        kind,
        root: "r",
        path: "",
      })),
      { kind: "service.status", service: "nginx" },
      { kind: "service.restart", service: "nginx" },
      { kind: "noop" },
      { kind: "script", language: "shell", source: " echo '$1'\n", args: ["a b", "$x"], root: "r", path: "p" },
      { kind: "script", language: "python", source: "x = 1", root: "r", path: "" },
      { kind: "project.create", template: "static", name: "my-shop", root: "r", path: "new/shop" },
    ];
    expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(kinds));
    for (const operation of all) expect(operationOf(draftOf(operation, "projects"))).toEqual(operation);
  });

  it("takes a script as it is and a project by a fit name", () => {
    const script = (part: Partial<Draft>) => operationOf(draft({ kind: "script", source: "x", ...part }));
    expect(script({})).toEqual({ kind: "script", language: "python", source: "x", root: "projects", path: "" });
    expect(script({ source: " " })).toBeNull();
    expect(script({ source: "a\0" })).toBeNull();
    expect(script({ source: "é".repeat(32 * 1024) })).not.toBeNull();
    expect(script({ source: "é".repeat(32 * 1024 + 1) })).toBeNull();
    expect(script({ args: "'a" })).toBeNull();
    const project = (name: string, path = "x") => operationOf(draft({ kind: "project.create", name, path }));
    expect(project("my-shop")).toMatchObject({ template: "node", name: "my-shop", path: "x" });
    for (const name of ["", "Shop", "2x", "x-", "a b", "a".repeat(65)]) expect(project(name)).toBeNull();
    expect(project("shop", "")).toBeNull();
  });

  it("is told in one line", () => {
    expect(summary({ kind: "exec", argv: ["echo", "a b"], root: "r" })).toBe("echo 'a b'");
    expect(summary({ kind: "git.pull", root: "r", path: "x" })).toBe("git pull r/x");
    expect(summary({ kind: "service.status", service: "nginx" })).toBe("service status nginx");
    expect(summary({ kind: "script", language: "shell", source: "id", args: ["a b"], root: "r" })).toBe(
      "shell script r 'a b'",
    );
  });
});
