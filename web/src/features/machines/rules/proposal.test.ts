import { describe, expect, it } from "vitest";
import { proposalFor } from "./proposal";

describe("the rule that is proposed for a command", () => {
  it("names every word of it", () => {
    expect(proposalFor(["make", "deploy", "-j", "--to=a b", 'x"y'])).toBe(`[[rules]]
name = "make deploy -j --to=a b x\\"y"
operations = ["exec"]
program = "make"
subcommand = ["deploy"]
flags = [{ name = "-j" }, { name = "--to", value = "choice", words = ["a b"], form = "equals" }]
positionals = [{ value = "choice", words = ["x\\"y"] }]
class = "runs_repo_code"
decision = "allow"
match = [["make","deploy","-j","--to=a b","x\\"y"]]
`);
  });

  it("is short for a short one", () => {
    expect(proposalFor(["uptime"])).not.toMatch(/subcommand|flags|positionals/);
  });
});
