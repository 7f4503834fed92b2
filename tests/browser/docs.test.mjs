// The API reference: open to everybody, at one with the dashboard, and able to try what it describes.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { enterPassword, gone, signIn } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

test("a visitor reads the reference, and signing in leads back to the same operation", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await page.goto("/docs#list_users");
  const operation = page.locator("#list_users");
  await operation.getByText("/api/v1/users", { exact: true }).waitFor();
  assert.equal(await operation.getByRole("button", { name: en("docs.try.send"), exact: true }).count(), 0);
  await operation.getByRole("link", { name: en("sign_in.action") }).click();
  await enterPassword(page, amina);
  await page.getByRole("navigation", { name: en("shell.main_navigation") }).waitFor();
  await operation.getByRole("button", { name: en("docs.try.send"), exact: true }).waitFor();
  assert.equal(new URL(page.url()).hash, "#list_users");
});

test("reading runs at once, writing only after a question", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.getByRole("link", { name: en("places.docs") }).click();
  await page.getByRole("button", { name: /Get me/ }).click();
  const reading = page.locator("#get_me");
  await reading.getByRole("button", { name: en("docs.try.send"), exact: true }).click();
  await reading.getByText("200 OK").waitFor();
  const answer = reading.getByLabel(en("docs.try.answer"));
  await answer.getByText(`"${amina.email}"`).waitFor();

  await page.getByRole("button", { name: /Update me/ }).click();
  const writing = page.locator("#update_me");
  await writing.getByRole("textbox", { name: en("docs.try.body") }).fill('{"name": "Amina the second"}');
  const send = writing.getByRole("button", { name: en("docs.try.send"), exact: true });
  await send.click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: en("common.cancel") })
    .click();
  assert.equal((await amina.api.get("/me")).user.name, amina.name);
  await send.click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: en("docs.try.send"), exact: true })
    .click();
  await writing.getByText("200 OK").waitFor();
  assert.equal((await amina.api.get("/me")).user.name, "Amina the second");

  await writing.getByRole("textbox", { name: en("docs.try.body") }).fill("{");
  await send.click();
  await gone(page.getByRole("dialog"));
});

test("the filter narrows the page, and an address clears it", async (t) => {
  const server = await startServer(t);
  const { page } = await openBrowser(t, server);
  await page.goto("/docs");
  await page.getByRole("searchbox").fill("delete /users");
  const navigation = page.getByRole("navigation", { name: en("docs.navigation") });
  await navigation.getByRole("link", { name: /Get me/ }).waitFor({ state: "detached" });
  await navigation.getByRole("link", { name: /Delete user/ }).click();
  await page.locator("#delete_user-content h4").first().waitFor();
  await page.goto("/docs#get_me");
  await page.locator("#get_me-content h4").first().waitFor();
  assert.equal(await page.getByRole("searchbox").inputValue(), "");
});
