// Starts a server of its own, becomes its owner and lets schemathesis try every operation.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { claimOwner } from "../browser/support/api.mjs";
import { startServer } from "../browser/support/server.mjs";

// These end the very session that the run stands on, so they are tried apart, each with a session of its own.
const ENDS_SESSION = [
  "sign_out",
  "revoke_my_session",
  "revoke_user_sessions",
  "change_password",
  "delete_user",
  "update_user",
];
const FAR_AWAY = "1000000";

const settings = {
  DIWAN_RATE_LIMIT_BURST: FAR_AWAY,
  DIWAN_RATE_LIMIT_PER_S: FAR_AWAY,
  DIWAN_ACCOUNT_RATE_LIMIT_BURST: FAR_AWAY,
  DIWAN_ACCOUNT_RATE_LIMIT_PER_S: FAR_AWAY,
  DIWAN_SIGN_IN_RATE_LIMIT_BURST: FAR_AWAY,
  DIWAN_SIGN_IN_RATE_LIMIT_PER_MINUTE: FAR_AWAY,
  DIWAN_LOG_LEVEL: "error",
};

const more = process.argv.slice(2);
const config = fileURLToPath(new URL("schemathesis.toml", import.meta.url));
const common = ["--checks=all", "--seed=7400", ...(more.length > 0 ? more : ["--max-examples=40"])];

let failed = 0;
const others = ENDS_SESSION.flatMap((id) => ["--exclude-operation-id", id]);
failed += await run("everything that leaves the session alone", others);
for (const id of ENDS_SESSION) {
  failed += await run(id, ["--phases=examples,coverage,fuzzing", "--include-operation-id", id]);
}
process.exitCode = failed === 0 ? 0 : 1;

/** One run against a server of its own. */
async function run(title, chosen) {
  console.log(`\n== ${title}`);
  const endings = [];
  const server = await startServer({ after: (end) => endings.push(end) }, { settings });
  try {
    const { api } = await claimOwner(server);
    const args = ["--config-file", config, "run", `${server.url}/api/v1/openapi.json`, ...common, ...chosen];
    const child = spawn(process.env.SCHEMATHESIS, args, {
      env: { ...process.env, DIWAN_TOKEN: api.token },
      stdio: "inherit",
    });
    const [code] = await once(child, "exit");
    if (server.child.exitCode !== null) {
      console.log(server.log());
      return 1;
    }
    return code === 0 ? 0 : 1;
  } finally {
    for (const end of endings) await end();
  }
}
