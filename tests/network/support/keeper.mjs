// A machine with a user of its own, a bridge that is root and a real sshd: what is started there finds another list of
// users, and everything else as it is.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { atTheEnd } from "../../browser/support/ending.mjs";
import { freePort, program } from "../../browser/support/server.mjs";

const run = promisify(execFile);
export const USER = "diwankeeper";
/** From where on nobody has a number. */
const FIRST_UID = 2_000_000;
const SETTLED_MS = 20_000;

const policy = (root) => `version = 1
[roots.projects]
path = ${JSON.stringify(root)}
[programs.ssh]
path = ["/usr/bin/ssh", "/bin/ssh"]
[[rules]]
name = "SSH keys"
operations = ["ssh_key.install", "ssh_key.prove", "ssh_key.remove"]
users = ["${USER}"]
class = "writes"
decision = "allow"
`;

/** Makes it; nothing runs there yet. */
export async function makeKeeper(test) {
  const dir = await mkdtemp(join(tmpdir(), "diwan-keeper-"));
  atTheEnd(test, () => rm(dir, { recursive: true, force: true }));
  await chmod(dir, 0o755);
  const [port, at] = [await freePort(), (name) => join(dir, name)];
  const uid = FIRST_UID + port;
  await mkdir(at("home"));
  await chown(at("home"), uid, uid);
  await mkdir(at("projects"));
  const users = await readFile("/etc/passwd", "utf8");
  await writeFile(at("passwd"), `${users}${USER}:x:${uid}:${uid}::${at("home")}:/bin/sh\n`);
  await writeFile(at("policy.toml"), policy(at("projects")), { mode: 0o600 });
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at("host")]);
  await mkdir("/run/sshd", { recursive: true });
  const settings = ["ListenAddress 127.0.0.1", `Port ${port}`, `HostKey ${at("host")}`, "PidFile none", "UsePAM no"];
  await writeFile(at("sshd.conf"), `${settings.join("\n")}\nPasswordAuthentication no\n`);

  const inside = `mount --bind ${at("passwd")} /etc/passwd && exec "$@"`;
  const start = (words) => {
    const child = spawn("unshare", ["--mount", "sh", "-c", inside, "sh", ...words], { stdio: "ignore" });
    const ended = once(child, "exit");
    const stop = async () => {
      child.kill("SIGKILL");
      await ended;
    };
    atTheEnd(test, stop);
    return stop;
  };
  const places = ["--state-dir", at("state"), "--policy-file", at("policy.toml")];
  return {
    port,
    keysFile: at("home/.ssh/authorized_keys"),
    home: at("home"),
    uid,
    keys: () => readFile(at("home/.ssh/authorized_keys"), "utf8"),
    async serve() {
      const stop = start(["/usr/sbin/sshd", "-D", "-e", "-f", at("sshd.conf")]);
      await listens(port);
      return stop;
    },
    async join(target, token) {
      await run(program, ["bridge", "join", target, "--token", token, ...places]);
      return start([program, "bridge", "run", ...places]);
    },
    /** Whether this private key lets its holder in. */
    async opens(name, key) {
      await writeFile(at(name), key, { mode: 0o600 });
      const how = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes"];
      const options = [...how, "IdentityAgent=none", "LogLevel=ERROR"].flatMap((one) => ["-o", one]);
      const words = ["-F", "none", ...options, "-i", at(name), "-p", `${port}`, `${USER}@127.0.0.1`, "echo in"];
      return run("ssh", words).then(
        ({ stdout }) => stdout === "in\n",
        () => false,
      );
    },
  };
}

async function listens(port) {
  const deadline = AbortSignal.timeout(SETTLED_MS);
  for (;;) {
    deadline.throwIfAborted();
    const socket = connect(port, "127.0.0.1");
    const is = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (is) return;
  }
}
