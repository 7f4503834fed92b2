// Prints what the program is made of, in the CycloneDX form: every crate and every package of the dashboard.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const [version, platform] = process.argv.slice(2);

const args = ["metadata", "--format-version", "1", "--locked", "--filter-platform", platform];
const metadata = JSON.parse(execFileSync("cargo", args, { encoding: "utf8", maxBuffer: 1 << 28 }));
const lock = JSON.parse(readFileSync("web/package-lock.json", "utf8"));

const bill = {
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  version: 1,
  metadata: { component: { type: "application", name: "diwan", version, licenses: [{ expression: "Apache-2.0" }] } },
  components: [...crates(), ...packages()].sort((one, other) => one.purl.localeCompare(other.purl)),
};
console.log(JSON.stringify(bill, null, 2));

/** What the program's package reaches, without what only builds or tests it. */
function crates() {
  const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
  const all = new Map(metadata.packages.map((one) => [one.id, one]));
  const start = metadata.packages.find((one) => one.name === "diwan" && one.source === null).id;
  const reached = new Set();
  const waiting = [start];
  while (waiting.length > 0) {
    const id = waiting.pop();
    if (reached.has(id)) continue;
    reached.add(id);
    const normal = nodes.get(id).deps.filter((dep) => dep.dep_kinds.some(({ kind }) => kind === null));
    waiting.push(...normal.map((dep) => dep.pkg));
  }
  return [...reached]
    .map((id) => all.get(id))
    .filter((one) => one.source !== null)
    .map((one) => component("cargo", one.name, one.version, one.license?.replaceAll("/", " OR ")));
}

function packages() {
  return Object.entries(lock.packages)
    .filter(([path, one]) => path && !one.dev && !one.optional)
    .map(([path, one]) => component("npm", path.split("node_modules/").pop(), one.version, one.license));
}

function component(kind, name, version, expression) {
  const purl = `pkg:${kind}/${name.replace(/^@/, "%40")}@${version}`;
  return { type: "library", name, version, purl, ...(expression ? { licenses: [{ expression }] } : {}) };
}
