// The first person opens the link from the terminal.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { overview } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

async function becomeOwner(page, link) {
  await page.goto(link);
  await page.getByLabel(en("join.name"), { exact: true }).fill("Amina");
  await page.getByLabel(en("sign_in.email"), { exact: true }).fill("amina@example.com");
  await page.getByLabel(en("sign_in.password"), { exact: true }).fill("a long and quiet river of words");
  await page.getByRole("button", { name: en("welcome.action") }).click();
}

test("the first person becomes the owner and finds it in the audit log", async (t) => {
  const server = await startServer(t);
  const { page } = await openBrowser(t, server);
  await becomeOwner(page, server.setupLink);
  await overview(page);
  assert.ok(!page.url().includes("token"), "the token stays in the address bar");
  await page.goto("/audit");
  const table = page.getByRole("main");
  await table.getByText("Amina").first().waitFor();
  await table.getByText(/owner/i).first().waitFor();
});

test("the link works once", async (t) => {
  const server = await startServer(t);
  const first = await openBrowser(t, server);
  await becomeOwner(first.page, server.setupLink);
  await overview(first.page);
  const second = await openBrowser(t, server);
  await becomeOwner(second.page, server.setupLink);
  await second.page.getByRole("alert").first().waitFor();
  assert.ok(second.page.url().includes("/welcome"), "nobody is let in");
});

test("without the link nobody becomes the owner", async (t) => {
  const server = await startServer(t);
  const { page } = await openBrowser(t, server);
  await page.goto("/");
  await page.getByText(en("welcome.no_link.title")).waitFor();
  assert.equal(await page.getByRole("textbox").count(), 0);
});
