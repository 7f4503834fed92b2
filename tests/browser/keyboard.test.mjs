// Everything can be reached without a mouse, and one can see where one is.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { overview } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const shown = style.outlineStyle !== "none" || style.boxShadow !== "none";
    const label = element.labels?.[0]?.innerText ?? element.getAttribute("aria-label") ?? element.innerText ?? "";
    return { label: label.trim(), shown };
  });

/** Presses Tab until the focus is on what has this label, where it is not there already. */
async function tabTo(page, label) {
  if ((await focused(page)).label === label) return;
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    assert.ok(at.shown, `the focus on "${at.label}" cannot be seen`);
    if (at.label === label) return;
  }
  assert.fail(`"${label}" cannot be reached by Tab`);
}

test("a person signs in and out by keyboard alone", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await page.goto("/sign-in");
  await page.getByRole("heading", { name: en("sign_in.title") }).waitFor();
  await page.getByLabel(en("sign_in.email"), { exact: true }).waitFor();
  await tabTo(page, en("sign_in.email"));
  await page.keyboard.type(amina.email);
  await tabTo(page, en("sign_in.password"));
  await page.keyboard.type(amina.password);
  await page.keyboard.press("Enter");
  await overview(page);

  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog");
  await palette.waitFor();
  await page.keyboard.type(en("shell.sign_out"));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: en("sign_in.title") }).waitFor();
});

/** A page at the overview, which Enter in the password's field led to. */
async function overviewOfOwner(t) {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await page.goto("/sign-in");
  await page.getByLabel(en("sign_in.email"), { exact: true }).fill(amina.email);
  await page.getByLabel(en("sign_in.password"), { exact: true }).fill(amina.password);
  await page.keyboard.press("Enter");
  await overview(page);
  return page;
}

test("the first Tab leads past the navigation to the content", async (t) => {
  const page = await overviewOfOwner(t);
  await page.reload();
  await overview(page);
  await page.keyboard.press("Tab");
  assert.equal((await focused(page)).label, en("shell.skip"));
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
});

test("shortcuts lead to the places they name", async (t) => {
  const page = await overviewOfOwner(t);
  for (const [key, place] of [
    ["p", "people"],
    ["a", "audit"],
    ["s", "settings"],
    ["m", "profile"],
  ]) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await page.getByRole("heading", { level: 1, name: en(`places.${place}`) }).waitFor();
  }
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: en("shortcuts.title") }).waitFor();
});
