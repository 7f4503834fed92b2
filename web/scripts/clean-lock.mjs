// Makes package-lock.json portable: no registry host in it, and an entry for every optional platform package,
// because npm leaves out those that the registry at hand does not offer and "npm ci" then refuses the lock.
import { readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const file = resolve(dirname(fileURLToPath(import.meta.url)), "../package-lock.json");
const lock = JSON.parse(await readFile(file, "utf8"));

for (const entry of Object.values(lock.packages)) delete entry.resolved;

for (const entry of Object.values({ ...lock.packages })) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const present = Object.keys(lock.packages).some((path) => path === key || path.endsWith(`/${key}`));
    const version = range.replace(/^[\^~]/, "");
    if (!present && /^\d+\.\d+\.\d+/.test(version)) lock.packages[key] = stub(name, version, entry.dev);
  }
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`);

function stub(name, version, dev) {
  const os = /(android|darwin|freebsd|linux|openbsd|netbsd|sunos|win32|openharmony|wasm32-wasi)/.exec(name)?.[1];
  const cpu = /(arm64|arm|ia32|x64|ppc64|riscv64|s390x|loong64|wasm32)/.exec(name)?.[1];
  const libc = name.endsWith("musl") ? "musl" : name.endsWith("gnu") ? "glibc" : undefined;
  return {
    version,
    ...(dev ? { dev: true } : {}),
    optional: true,
    ...(os && os !== "wasm32-wasi" ? { os: [os] } : {}),
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(libc ? { libc: [libc] } : {}),
  };
}
