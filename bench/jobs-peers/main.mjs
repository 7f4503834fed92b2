// Measures a job queue of others in a database of its own, beside the server that DIWAN_TEST_POSTGRES_URL names:
//   main.mjs PEER PHASE COUNT     main.mjs server     main.mjs database NAME
// Prints one line of JSON.
import { readFileSync } from "node:fs";

import pg from "pg";

const CLIENTS = 64;
// What these clients share: more connections are slower, for both.
const CONNECTIONS = 20;
const BATCH = 1000;
const BATCHES_AT_ONCE = 4;
// Between two jobs whose latency is measured, so that the queue is idle.
const PAUSE_MS = 20;

const url = new URL(process.env.DIWAN_TEST_POSTGRES_URL);
const server = new pg.Client({ connectionString: url.href });
await server.connect();
const [what, ...words] = process.argv.slice(2);
const told = { server: describe, database: () => database(words[0]) }[what];
console.log(JSON.stringify(await (told ? told() : measure(what, ...words))));
await server.end();

/** How durable the server is. */
async function describe() {
  const names = ["server_version", "fsync", "full_page_writes", "synchronous_commit"];
  const shown = names.map((name) => `current_setting('${name}') AS ${name}`);
  return (await server.query(`SELECT ${shown.join(", ")}`)).rows[0];
}

/** Makes an empty database; its address. */
async function database(name) {
  await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await server.query(`CREATE DATABASE ${name}`);
  const address = new URL(url);
  address.pathname = `/${name}`;
  return { url: address.href };
}

async function measure(name, phase, words) {
  const connectionString = (await database("jobs_of_others")).url;
  const pool = new pg.Pool({ connectionString, max: CONNECTIONS });
  const fail = (error) => {
    throw error;
  };
  pool.on("error", fail).on("connect", (client) => client.on("error", fail));
  const { Peer } = await import(`./${name}.mjs`);
  const peer = new Peer(pool);
  await peer.open();
  const count = Number(words);
  const filled = async () => await peer.enqueueBatches(BATCHES_AT_ONCE, count, BATCH);
  const phases = {
    enqueue: () => peer.enqueue(CLIENTS, count),
    "enqueue-batches": filled,
    "work-off": async () => (await filled(), await peer.workOff(count, true)),
    "work-off-singly": async () => (await filled(), await peer.workOff(count, false)),
    "end-to-end": () => peer.endToEnd(CLIENTS, count),
    latency: () => peer.latency(count, PAUSE_MS),
  };
  const measured = await phases[phase]();
  await peer.close();
  await pool.end();
  return { peer: `${name} ${version(name)}`, ...measured };
}

function version(name) {
  const manifest = new URL(`./node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(manifest, "utf8")).version;
}
