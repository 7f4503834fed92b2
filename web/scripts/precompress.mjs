// Writes a .br and a .gz beside every compressible file, so the server never compresses on the way out.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../dist");
const compressible = new Set([".html", ".js", ".css", ".svg", ".json", ".webmanifest", ".txt"]);
const brotli = promisify(brotliCompress);
const gz = promisify(gzip);

const files = (await readdir(root, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && compressible.has(extname(entry.name)))
  .map((entry) => join(entry.parentPath, entry.name));

await Promise.all(
  files.map(async (file) => {
    const body = await readFile(file);
    const quality = body.length > 1_000_000 ? 9 : 11;
    const [small, portable] = await Promise.all([
      brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }),
      gz(body, { level: 9 }),
    ]);
    // A file that does not shrink is served as it is.
    if (small.length < body.length) await writeFile(`${file}.br`, small);
    if (portable.length < body.length) await writeFile(`${file}.gz`, portable);
  }),
);
