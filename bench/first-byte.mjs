// How long what a job says takes until somebody who looks at its page in a browser sees it. Each job waits for its word;
// the clock runs from the moment it is given to the first picture of the page that shows it. Both are in one machine,
// so that it is one clock: node bench/first-byte.mjs [jobs]. The program is the one that DIWAN_BIN names.
import { execFile } from "node:child_process";
import { chown, open } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { claimOwner } from "../tests/browser/support/api.mjs";
import { addMachine, SOMEBODY } from "../tests/browser/support/bridge.mjs";
import { closeBrowsers, openBrowser } from "../tests/browser/support/browser.mjs";
import { startServer } from "../tests/browser/support/server.mjs";
import { signIn } from "../tests/browser/support/steps.mjs";
import { en } from "../tests/browser/support/words.mjs";

const jobs = Number(process.argv[2] ?? 60);
const GOAL_MS = 150;
const run = promisify(execFile);
const endings = [];
const measured = { after: (end) => endings.push(end) };

/** Where a job reads its word. */
async function pipeIn(work) {
  const path = join(work, "word.pipe");
  await run("mkfifo", [path]);
  if (process.getuid() === 0) await chown(path, SOMEBODY, SOMEBODY);
  return open(path, "r+");
}

/** When a picture of the page has the word in it. */
function seen(page, word) {
  return page.evaluate(
    (word) =>
      new Promise((done) => {
        const look = () => {
          if (!document.querySelector("main").textContent.includes(word)) return false;
          watcher.disconnect();
          // The callback after the next one: what was there before the first is drawn.
          requestAnimationFrame(() => requestAnimationFrame(() => done(Date.now())));
          return true;
        };
        const watcher = new MutationObserver(look);
        watcher.observe(document.body, { subtree: true, childList: true, characterData: true });
        look();
      }),
    word,
  );
}

try {
  const server = await startServer(measured, { settings: { DIWAN_LOG_LEVEL: "error" } });
  const amina = await claimOwner(server);
  const { id: machine, place } = await addMachine(measured, amina, { name: "bench" });
  const pipe = await pipeIn(place.work);
  endings.push(() => pipe.close());
  const { page } = await openBrowser(measured, server);
  await signIn(page, amina);
  const took = [];
  for (let number = 1; number <= jobs; number += 1) {
    const job = await amina.api.post("/jobs", {
      operation: { kind: "exec", argv: ["head", "-n", "1", "word.pipe"], root: "projects" },
      target: { kind: "machine", machine_id: machine },
    });
    await page.goto(`/jobs/${job.id}`);
    await page.getByRole("main").getByText(en("jobs.state.running"), { exact: true }).first().waitFor();
    await page.getByRole("region", { name: en("commands.output.title"), exact: true }).waitFor();
    const word = `word-${number}-of-${jobs}`;
    const shown = seen(page, word);
    // So that the page is looking before there is anything to see.
    await page.evaluate(() => {});
    const given = Date.now();
    await pipe.write(`${word}\n`);
    took.push((await shown) - given);
  }
  took.sort((a, b) => a - b);
  const at = (share) => took[Math.min(took.length - 1, Math.ceil(took.length * share) - 1)];
  console.log(
    `first byte of a job's output on screen, ${jobs} jobs: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, worst ${took.at(-1)} ms (goal: p95 of at most ${GOAL_MS} ms)`,
  );
} finally {
  for (const end of endings.reverse()) await end();
  await closeBrowsers();
}
