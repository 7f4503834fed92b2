// A machine elsewhere: a network of its own, joined to this one by a cable, and somebody who works there without
// being root.
import { execFile } from "node:child_process";
import { chmod, chown, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { atTheEnd } from "../../browser/support/ending.mjs";

const run = promisify(execFile);
/** Nobody's number on every system. */
const SOMEBODY = 65_534;
const LONGEST = 64 * 1024 * 1024;

/** Lays the cable. `here` is the address of this end. */
export async function layCable(test) {
  const name = `diwan${process.pid}`;
  const net = `10.213.${process.pid % 256}`;
  atTheEnd(test, async () => {
    const { stdout } = await run("ip", ["netns", "pids", name]);
    for (const pid of stdout.split("\n").filter(Boolean)) process.kill(Number(pid), "SIGKILL");
    await run("ip", ["link", "delete", `dw${process.pid}`]);
    await run("ip", ["netns", "delete", name]);
  });
  const there = ["-n", name];
  await run("ip", ["netns", "add", name]);
  await run("ip", ["link", "add", `dw${process.pid}`, "type", "veth", "peer", "name", "out", "netns", name]);
  await run("ip", ["address", "add", `${net}.1/24`, "dev", `dw${process.pid}`]);
  await run("ip", ["link", "set", `dw${process.pid}`, "up"]);
  await run("ip", [...there, "address", "add", `${net}.2/24`, "dev", "out"]);
  await run("ip", [...there, "link", "set", "out", "up"]);
  await run("ip", [...there, "link", "set", "lo", "up"]);
  return { name, here: `${net}.1` };
}

/** A home there, with a space in its path, and a shell in it. */
export async function moveIn(test, cable, environment) {
  const home = await mkdtemp(join(tmpdir(), "diwan at home-"));
  atTheEnd(test, () => rm(home, { recursive: true, force: true }));
  await chown(home, SOMEBODY, SOMEBODY);
  await chmod(home, 0o755);
  const somebody = ["setpriv", "--reuid", `${SOMEBODY}`, "--regid", `${SOMEBODY}`, "--clear-groups"];
  const prefix = ["netns", "exec", cable.name, ...somebody];
  const env = { PATH: process.env.PATH, HOME: home, ...environment };
  return {
    home,
    /** What a line that is pasted there says, and how it ends. */
    async paste(line) {
      const done = run("ip", [...prefix, "sh", "-c", line], { cwd: home, env, maxBuffer: LONGEST });
      return done.then(
        ({ stdout, stderr }) => ({ code: 0, words: stdout + stderr }),
        ({ code, stdout, stderr }) => ({ code, words: stdout + stderr }),
      );
    },
    log: () => readFile(join(home, ".local/state/diwan-bridge.log"), "utf8"),
    logFile: join(home, ".local/state/diwan-bridge.log"),
    /** The bridges that run there. */
    async bridges() {
      const found = [];
      for (const pid of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
        const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
        if (words.startsWith(`${home}/.local/bin/diwan-bridge\0run\0`)) found.push(Number(pid));
      }
      return found;
    },
  };
}
