// A schedule from its form to its runs: on a machine whose network is cut in the middle, and past a run that failed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chown, open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { claimOwner } from "./support/api.mjs";
import { addMachine, SOMEBODY } from "./support/bridge.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { atTheEnd } from "./support/ending.mjs";
import { startServer } from "./support/server.mjs";
import { gone, signIn } from "./support/steps.mjs";
import { wayTo } from "./support/way.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

const run = promisify(execFile);
const badge = (page, key) => page.getByRole("main").getByText(en(key), { exact: true }).first();
const press = (page, key) => page.getByRole("button", { name: en(key), exact: true }).click();
const log = (page) => page.getByRole("region", { name: en("commands.output.title"), exact: true });

/** What a job reads there as long as the test holds it open, line by line. */
async function pipeIn(test, work) {
  const path = join(work, "backup.pipe");
  await run("mkfifo", [path]);
  if (process.getuid() === 0) await chown(path, SOMEBODY, SOMEBODY);
  const pipe = await open(path, "r+");
  let isOpen = true;
  const close = async () => {
    if (isOpen) await pipe.close();
    isOpen = false;
  };
  atTheEnd(test, close);
  return { say: (text) => pipe.write(`${text}\n`), close };
}

test("a nightly job goes on while its machine is cut off, and one that failed is done after all", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const way = await wayTo(t, server.port);
  const { place } = await addMachine(t, amina, { name: "heron", port: way.port });
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);

  await page.goto("/jobs/schedules/new");
  await page.getByLabel(en("jobs.name"), { exact: true }).first().fill("Nightly");
  await page.getByText(en("schedules.cron.daily", { time: "03:00" }), { exact: true }).click();
  await page.getByLabel(en("commands.field.line"), { exact: true }).fill("cat backup.pipe");
  await press(page, "schedules.new.save");
  await page.getByRole("heading", { level: 1, name: "Nightly" }).waitFor();

  const pipe = await pipeIn(t, place.work);
  await press(page, "schedules.run.action");
  await badge(page, "jobs.state.running").waitFor();
  await pipe.say("the first half");
  await log(page).getByText("the first half", { exact: true }).waitFor();
  way.cut();
  const away = page.getByText(en("jobs.away.title", { machine: "\u2066heron\u2069" }), { exact: true });
  await away.waitFor();
  await pipe.say("said while nobody heard it");
  await pipe.close();
  way.mend();
  await badge(page, "jobs.state.succeeded").waitFor();
  await gone(away);
  await log(page).getByText("said while nobody heard it", { exact: true }).waitFor();
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const job = await amina.api.get(`/jobs/${id}`);
  assert.deepEqual([job.attempt, job.output_bytes], [1, "the first half\nsaid while nobody heard it\n".length]);

  // The next night there is nothing to read.
  await rm(join(place.work, "backup.pipe"));
  await page.getByRole("link", { name: en("jobs.by_schedule") }).click();
  await press(page, "schedules.run.action");
  await badge(page, "jobs.reason.exit_code.title").waitFor();
  await writeFile(join(place.work, "backup.pipe"), "all of it\n", { mode: 0o644 });
  await page.goto("/jobs/dead-letters");
  await page.getByRole("link", { name: "Nightly", exact: true }).click();
  await press(page, "jobs.retry.action");
  await log(page).getByText("all of it", { exact: true }).waitFor();
  await badge(page, "jobs.state.succeeded").waitFor();
  await page.goto("/jobs/dead-letters");
  await page.getByText(en("jobs.dead.empty"), { exact: true }).waitFor();
});

test("whoever stops a job need not wait for a machine that is away", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const way = await wayTo(t, server.port);
  const { place } = await addMachine(t, amina, { name: "heron", port: way.port });
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  const pipe = await pipeIn(t, place.work);
  const operation = { kind: "exec", argv: ["cat", "backup.pipe"], root: "projects", path: "" };
  const job = await amina.api.post("/jobs", { operation });
  await page.goto(`/jobs/${job.id}`);
  await badge(page, "jobs.state.running").waitFor();
  way.cut();
  await press(page, "jobs.away.give_up");
  await page
    .getByRole("dialog")
    .getByRole("button", { name: en("jobs.away.give_up"), exact: true })
    .click();
  await badge(page, "jobs.reason.given_up.title").waitFor();
  await badge(page, "jobs.state.cancelled").waitFor();
  way.mend();
  await pipe.close();
});
