// Turns the server's OpenAPI document into src/api/schema.d.ts, so a drift between the two fails the type check.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const here = dirname(fileURLToPath(import.meta.url));
const source = resolve(process.cwd(), process.env.DIWAN_OPENAPI ?? resolve(here, "../../crates/server/openapi.json"));
const target = resolve(here, "../src/api/schema.d.ts");

const document = JSON.parse(await readFile(source, "utf8"));

// The client adds /api/v1 itself, so the types speak of /me whether the document says /me or /api/v1/me.
document.paths = Object.fromEntries(
  Object.entries(document.paths).map(([path, item]) => [path.replace(/^\/api\/v1(?=\/)/, ""), item]),
);

const types = astToString(await openapiTS(document));
await mkdir(dirname(target), { recursive: true });
await writeFile(target, `// Generated from the OpenAPI document by "npm run api"; never edited by hand.\n${types}`);
