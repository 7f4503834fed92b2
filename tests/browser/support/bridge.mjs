// A real machine: the bridge of the same program, joined to a server of a test and stopped when the test ends.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { atTheEnd } from "./ending.mjs";
import { listen } from "./live.mjs";
import { program } from "./server.mjs";

const run = promisify(execFile);
/** Where the bridge is root, commands run as whoever owns the directory; nothing runs as root. */
export const SOMEBODY = 65_534;

/** The state, the policy and the work of one machine. */
export async function machinePlace(test) {
  const place = await mkdtemp(join(tmpdir(), "diwan-machine-"));
  atTheEnd(test, () => rm(place, { recursive: true, force: true }));
  const work = join(place, "work");
  await mkdir(work);
  await chmod(place, 0o755);
  if (process.getuid() === 0) await chown(work, SOMEBODY, SOMEBODY);
  const files = ["--state-dir", join(place, "state"), "--policy-file", join(place, "policy.toml")];
  return { work, files, environment: { PATH: process.env.PATH, HOME: place } };
}

/** Joins as the line says that the dashboard shows for joining by hand. */
export async function joinByLine({ work, files, environment }, line) {
  const [name, ...args] = line.replaceAll("'", "").split(" ");
  if (name !== "diwan") throw new Error(`this is no line to join by hand: ${line}`);
  await run(program, [...args, "--work-dir", work, ...files], { env: environment });
}

/** Runs the bridge until the test ends, or until what it gives is called. */
export async function startBridge(test, { files, environment }) {
  const child = spawn(program, ["bridge", "run", ...files], { env: environment, stdio: "ignore" });
  const ended = once(child, "exit");
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  atTheEnd(test, stop);
  return stop;
}

/** A machine that has joined and is connected, straight or by another port on the way to the server. */
export async function addMachine(test, owner, { name, labels = [], policy = "standard", port }) {
  const { lines, id: token } = await owner.api.post("/join-tokens", { name, labels, policy });
  const place = await machinePlace(test);
  const own = new URL(owner.api.url).port;
  await joinByLine(place, port ? lines.command.replace(`:${own}`, `:${port}`) : lines.command);
  const { machine } = await owner.api.get(`/join-tokens/${token}`);
  const feed = await listen(owner.api, ["machines"]);
  try {
    const stop = await startBridge(test, place);
    while ((await owner.api.get(`/machines/${machine}`)).state === "offline") await feed.hear("event");
    return { id: machine, place, stop };
  } finally {
    feed.close();
  }
}
