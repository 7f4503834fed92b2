// nginx as people put it before a server, with its own time-outs and a certificate of an authority of their own.
import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { atTheEnd } from "../../browser/support/ending.mjs";

const run = promisify(execFile);

/** Prepares one at this address; `authority` is the file of who vouches for it. */
export async function prepareNginx(test, { host, port }) {
  const place = await mkdtemp(join(tmpdir(), "diwan-nginx-"));
  await chmod(place, 0o755);
  const at = (name) => join(place, name);
  await certify(at, host);
  const args = ["-p", place, "-c", at("nginx.conf"), "-e", at("error.log")];
  let runs = false;
  const stop = async () => {
    if (!runs) return;
    runs = false;
    const pid = Number(await readFile(at("nginx.pid"), "utf8"));
    await run("nginx", [...args, "-s", "stop"]);
    await gone(pid);
  };
  atTheEnd(test, async () => {
    await stop();
    await rm(place, { recursive: true, force: true });
  });
  return {
    authority: at("authority.pem"),
    url: `https://${host}:${port}`,
    /** It listens when this comes back. */
    async start(behind) {
      await writeFile(at("nginx.conf"), config(at, { host, port, behind }));
      await run("nginx", args);
      runs = true;
    },
    stop,
  };
}

async function certify(at, host) {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-x509", "-days", "2"];
  const authority = ["-subj", "/CN=Somebody", "-keyout", at("authority.key"), "-out", at("authority.pem")];
  await run("openssl", ["req", ...key, ...authority]);
  const signed = ["-CA", at("authority.pem"), "-CAkey", at("authority.key"), "-addext", `subjectAltName=IP:${host}`];
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", at("key.pem"), "-out", at("cert.pem")];
  await run("openssl", ["req", ...key, "-subj", `/CN=${host}`, ...signed, ...leaf]);
}

/** As docs/deployment.md says, without the longer patience: heartbeats must be enough. */
function config(at, { host, port, behind }) {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((of) => `${of}_temp_path ${at(of)};`);
  return `user root;
pid ${at("nginx.pid")};
worker_processes 1;
events {}
http {
  access_log off;
  ${temporary.join("\n  ")}
  server {
    listen ${host}:${port} ssl;
    ssl_certificate ${at("cert.pem")};
    ssl_certificate_key ${at("key.pem")};
    location / {
      proxy_pass ${behind};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $http_connection;
    }
  }
}
`;
}

/** Whoever is not our child can only be asked after. */
async function gone(pid) {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    if (Date.now() > deadline) throw new Error("nginx does not stop");
    await new Promise(setImmediate);
  }
}
