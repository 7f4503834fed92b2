// The first person opens the link from the terminal.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Api } from "./support/api.mjs";
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
  for (const text of ["Amina", "Installation claimed"]) {
    await page.getByRole("main").getByText(text).locator("visible=true").first().waitFor();
  }
});

test("the link works once", async (t) => {
  const server = await startServer(t);
  const first = await openBrowser(t, server);
  await becomeOwner(first.page, server.setupLink);
  await overview(first.page);
  const second = await openBrowser(t, server);
  await second.page.goto(server.setupLink);
  await second.page.getByText(en("problem.setup_already_done")).waitFor();
  const token = decodeURIComponent(server.setupLink.split("#token=")[1]);
  const body = { token, email: "eve@example.com", name: "Eve", password: "a long and quiet river of words" };
  await assert.rejects(new Api(server.url).post("/setup/owner", body), /setup_already_done|setup_link_invalid/);
});

test("without the link nobody becomes the owner", async (t) => {
  const server = await startServer(t);
  const { page } = await openBrowser(t, server);
  await page.goto("/");
  await page.getByText(en("welcome.no_link.title")).waitFor();
  assert.equal(await page.getByRole("textbox").count(), 0);
});
