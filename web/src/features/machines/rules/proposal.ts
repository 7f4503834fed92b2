// A rule for exactly one command, to begin with: the machine judges it, and people change it before they ask.

const MOST_WORDS = 3;
/** What a program does that nobody described may be anything. */
const CLASS = "runs_repo_code";

/** JSON and TOML write texts and lists of texts alike. */
const toml = (value: string | string[]) => JSON.stringify(value);

function flagOf(word: string): string {
  const at = word.indexOf("=");
  if (at < 0) return `{ name = ${toml(word)} }`;
  return `{ name = ${toml(word.slice(0, at))}, value = "choice", words = ${toml([word.slice(at + 1)])}, form = "equals" }`;
}

/** The text of a rule that lets this command in, and no other. */
export function proposalFor(argv: string[]): string {
  const [program = "", ...rest] = argv;
  const isWord = (word: string) => /^[A-Za-z][\w-]*$/.test(word);
  const end = rest.findIndex((word) => !isWord(word));
  const fixed = rest.slice(0, Math.min(end < 0 ? rest.length : end, MOST_WORDS));
  const others = rest.slice(fixed.length);
  const flags = [...new Set(others.filter((word) => word.startsWith("-")))].map(flagOf);
  const positionals = others
    .filter((word) => !word.startsWith("-"))
    .map((word) => `{ value = "choice", words = ${toml([word])} }`);
  const lines = [
    "[[rules]]",
    `name = ${toml(argv.join(" ").slice(0, 80))}`,
    'operations = ["exec"]',
    `program = ${toml(program)}`,
    fixed.length > 0 && `subcommand = ${toml(fixed)}`,
    flags.length > 0 && `flags = [${flags.join(", ")}]`,
    positionals.length > 0 && `positionals = [${positionals.join(", ")}]`,
    `class = "${CLASS}"`,
    'decision = "allow"',
    `match = [${toml(argv)}]`,
  ];
  return `${lines.filter(Boolean).join("\n")}\n`;
}
