// Adds up the test reports: what failed and how, how many ran in each part and on each database, and one closing line.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const [folder, ...parts] = process.argv.slice(2);
const files = readdirSync(folder);
const total = { passed: 0, failed: 0, skipped: 0 };
let missing = false;

for (const part of parts) {
  const file = files.find((name) => name.startsWith(`${part}.`));
  const cases = file ? read(join(folder, file)) : [];
  if (cases.length === 0) {
    console.log(`${part.padEnd(8)} left no report: it did not run to its end`);
    missing = true;
    continue;
  }
  for (const { name, why } of cases.filter((test) => test.outcome === "failed")) {
    console.log(`failed: ${part}: ${name}${why ? `\n  ${why}` : ""}`);
  }
  const count = tally(cases);
  for (const key of Object.keys(total)) total[key] += count[key];
  console.log(`${part.padEnd(8)} ${sentence(count)}`);
  if (part === "rust") {
    for (const engine of ["sqlite", "postgresql"]) {
      const on = cases.filter((test) => test.name.endsWith(`::${engine}`));
      console.log(`  on ${engine.padEnd(10)} ${sentence(tally(on))}`);
      missing ||= on.length === 0;
    }
  }
}
console.log(sentence(total));
process.exit(missing || total.failed > 0 ? 1 : 0);

function sentence({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

function tally(cases) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const test of cases) count[test.outcome] += 1;
  return count;
}

function read(file) {
  const text = readFileSync(file, "utf8");
  return file.endsWith(".xml") ? junit(text) : libtest(text);
}

/** The cases of a JUnit report, as nextest, vitest and Node write it. */
function junit(xml) {
  const cases = [];
  const pattern = /<testcase\b([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g;
  for (const [, attributes, , body = ""] of xml.matchAll(pattern)) {
    const name = plain(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? "");
    const failure = /<(?:failure|error)\b([^>]*)>([\s\S]*?)<\//.exec(body);
    const outcome = failure ? "failed" : /<skipped\b/.test(body) ? "skipped" : "passed";
    cases.push({ name, outcome, why: failure && reason(failure) });
  }
  return cases;
}

/** The beginning of what a report says of a failure: all of it stands further up in the output. */
function reason([, attributes, text]) {
  const message = /\bmessage="([^"]*)"/.exec(attributes)?.[1] ?? "";
  const lines = plain(`${message}\n${text}`).split("\n");
  return lines
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(0, 6)
    .join("\n  ")
    .slice(0, 600);
}

function plain(text) {
  const marks = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/<!\[CDATA\[|\]\]>/g, "").replace(/&(?:#(\d+)|(\w+));/g, (all, code, name) => {
    return code ? String.fromCodePoint(Number(code)) : (marks[name] ?? all);
  });
}

/** The cases of cargo's own test output. */
function libtest(log) {
  const outcomes = { ok: "passed", FAILED: "failed", ignored: "skipped" };
  return [...log.matchAll(/^test (\S+)(?: - .*)? \.\.\. (ok|FAILED|ignored)/gm)].map(([, name, word]) => ({
    name,
    outcome: outcomes[word],
  }));
}
