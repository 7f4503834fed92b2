// The real program, started for one test on a port and a data directory of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { atTheEnd } from "./ending.mjs";

export const program = process.env.DIWAN_BIN ?? fileURLToPath(new URL("../../../target/debug/diwan", import.meta.url));
const READY_WITHIN_MS = 20_000;
const FIRST_PORT = 10_000;
const PORTS = 20_000;
/** What browsers do not connect to, of these: the standard of `fetch` says so. */
const REFUSED_BY_BROWSERS = 10_080;
let nextPort = process.pid * 16;

/** Starts `diwan server`; it is stopped and its data removed when the test ends. */
export async function startServer(test, { settings = {}, config, port: chosen, publicUrl } = {}) {
  const port = chosen ?? (await freePort());
  const url = `http://localhost:${port}`;
  const dataDir = await mkdtemp(join(tmpdir(), "diwan-browser-"));
  const args = ["server", "--listen", `127.0.0.1:${port}`, "--data-dir", dataDir, "--public-url", publicUrl ?? url];
  if (config) {
    const file = join(dataDir, "diwan.yaml");
    await writeFile(file, config, { mode: 0o600 });
    args.push("--config", file);
  }
  const environment = { PATH: process.env.PATH, HOME: dataDir, ...settings };
  const child = spawn(program, args, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (piece) => {
      output.text += piece;
    });
  }
  const ended = once(child, "exit");
  atTheEnd(test, async () => {
    child.kill("SIGKILL");
    await ended;
    await rm(dataDir, { recursive: true, force: true });
  });
  await ready(child, output);
  const link = /\S+\/welcome#token=\S+/.exec(output.text)?.[0];
  return { url, port, dataDir, setupLink: link, log: () => output.text, child, ended };
}

async function ready(child, output) {
  const deadline = AbortSignal.timeout(READY_WITHIN_MS);
  // An empty line ends the greeting; within it, the line after one is indented.
  while (!/Diwan is ready at [^]*\n\n(?! )/.test(output.text)) {
    const heard = Promise.race([
      once(child.stdout, "data", { signal: deadline }),
      once(child, "exit", { signal: deadline }),
    ]);
    await heard.catch(() => {
      throw new Error(`the server is not ready after ${READY_WITHIN_MS} ms:\n${output.text}`);
    });
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${output.text}`);
  }
}

/** A port that nobody listens at, below those that the system gives to the near ends of connections. */
export async function freePort() {
  for (;;) {
    const port = FIRST_PORT + (nextPort++ % PORTS);
    if (port === REFUSED_BY_BROWSERS) continue;
    const server = createServer().listen(port, "127.0.0.1");
    const taken = await once(server, "listening").then(
      () => false,
      (error) => error.code === "EADDRINUSE" || Promise.reject(error),
    );
    if (taken) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
