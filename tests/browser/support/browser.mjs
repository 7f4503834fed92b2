// A real browser, and what every page in it must keep to: no script error, no refused content.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { atTheEnd } from "./ending.mjs";

const candidates = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let running;
let picturesTaken = 0;

/** A person at a browser of their own: cookies are not shared with others. Complaints of its pages fail the test. */
export async function openBrowser(test, server, { language = "en", ...options } = {}) {
  running ??= launch();
  const browser = await running;
  const context = await browser.newContext({
    baseURL: server.url,
    locale: language,
    reducedMotion: "reduce",
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  context.setDefaultTimeout(15_000);
  const complaints = [];
  context.on("page", (page) => listen(page, complaints));
  atTheEnd(test, async () => {
    await lastPictures(test, context);
    await context.close();
    assert.deepEqual(complaints, [], "the pages complained");
  });
  const page = await context.newPage();
  return { context, page, complaints };
}

function launch() {
  const executablePath = candidates.find((path) => path && existsSync(path));
  assert.ok(executablePath, "no Chromium: make test installs it");
  return chromium.launch({ executablePath, args: flags });
}

/** Called once a file, after its tests, so that the process can end. */
export async function closeBrowsers() {
  if (running) await (await running).close();
  running = undefined;
}

/** Where PICTURES names a folder, how each page looked in the end: a failure is understood sooner. */
async function lastPictures(test, context) {
  const folder = process.env.PICTURES;
  if (!folder) return;
  const name = test.name.replaceAll(/[^a-z0-9]+/gi, "-");
  for (const page of context.pages()) {
    picturesTaken += 1;
    // A page that cannot be pictured any more is no reason to fail.
    await page.screenshot({ path: `${folder}/${name}-${picturesTaken}.png` }).catch(() => {});
  }
}

function listen(page, complaints) {
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error}`));
  page.on("console", (message) => {
    // A refused request is told by the page itself; the browser's own line about it is no complaint.
    const text = message.text();
    if (message.type() === "error" && !/^Failed to load resource/.test(text)) complaints.push(`${page.url()}: ${text}`);
  });
}
