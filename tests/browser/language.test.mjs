// English and Arabic.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { overview, signIn } from "./support/steps.mjs";
import { ar, en } from "./support/words.mjs";

after(closeBrowsers);

const direction = (page) => page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]);

test("switching to Arabic turns the page around and is remembered", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  assert.deepEqual(await direction(page), ["en", "ltr"]);
  await page.getByRole("button", { name: amina.name }).first().click();
  const saved = page.waitForResponse((answer) => answer.request().method() === "PATCH" && answer.ok());
  await page.getByRole("menuitem", { name: "العربية" }).click();
  await overview(page, ar);
  await saved;
  assert.deepEqual(await direction(page), ["ar", "rtl"]);
  const navigation = await page.getByRole("navigation", { name: ar("shell.main_navigation") }).boundingBox();
  assert.ok(navigation.x > 640, "the navigation stands on the right");

  await page.reload();
  await overview(page, ar);
  const elsewhere = await openBrowser(t, server);
  await elsewhere.page.goto("/sign-in");
  await elsewhere.page.getByLabel(en("sign_in.email"), { exact: true }).fill(amina.email);
  await elsewhere.page.getByLabel(en("sign_in.password"), { exact: true }).fill(amina.password);
  await elsewhere.page.getByRole("button", { name: en("sign_in.action"), exact: true }).click();
  await overview(elsewhere.page, ar);
});

test("a browser that prefers Arabic is greeted in Arabic", async (t) => {
  const server = await startServer(t);
  await claimOwner(server);
  const { page } = await openBrowser(t, server, { language: "ar" });
  await page.goto("/sign-in");
  await page.getByRole("heading", { name: ar("sign_in.title") }).waitFor();
  assert.deepEqual(await direction(page), ["ar", "rtl"]);
});
