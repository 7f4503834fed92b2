// What is wrong with a page as it is now, for whoever cannot see or reach all of it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const MATTERS = ["serious", "critical"];

/** What axe finds serious on the page as it is now. */
export async function serious(page) {
  await page.waitForLoadState("networkidle");
  await page.locator("main h1, h1").first().waitFor();
  // Its own world: the page's content policy forbids foreign scripts, and rightly so.
  const devtools = await page.context().newCDPSession(page);
  const { frameTree } = await devtools.send("Page.getFrameTree");
  const world = { frameId: frameTree.frame.id, worldName: "axe" };
  const { executionContextId: contextId } = await devtools.send("Page.createIsolatedWorld", world);
  await devtools.send("Runtime.evaluate", { contextId, expression: axe });
  const run = {
    contextId,
    awaitPromise: true,
    returnByValue: true,
    expression: `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
      violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.slice(0, 3).map((n) => n.html.slice(0, 160)) })))`,
  };
  const { result, exceptionDetails } = await devtools.send("Runtime.evaluate", run);
  await devtools.detach();
  assert.equal(exceptionDetails, undefined);
  return result.value.filter(({ impact }) => MATTERS.includes(impact));
}

/** All of that, and whether the page is wider than the screen. */
export async function flaws(page) {
  const found = await serious(page);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return wider > 0 ? [...found, { wider }] : found;
}
