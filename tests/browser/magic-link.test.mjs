// Signing in by a link in a mail, which waits in the outbox here.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addPerson, claimOwner, linkIn, newestMail } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { overview } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

async function askForLink(page, email) {
  await page.goto("/sign-in");
  await page.getByRole("button", { name: en("sign_in.with_link") }).click();
  await page.getByLabel(en("sign_in.email"), { exact: true }).fill(email);
  await page.getByRole("button", { name: en("sign_in.link.action") }).click();
  await page.getByText(en("sign_in.link.sent_title")).waitFor();
}

async function follow(page, link) {
  await page.goto(link);
  await page.getByRole("button", { name: en("sign_in.redeem.action") }).click();
}

test("the link in the mail lets in the browser that asked for it, once", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const basim = await addPerson(server, amina, { name: "Basim", email: "basim@example.com" });
  const { page } = await openBrowser(t, server);
  await askForLink(page, basim.email);
  const link = linkIn(await newestMail(amina, basim.email));

  const thief = await openBrowser(t, server);
  await follow(thief.page, link);
  await thief.page.getByRole("alert").first().waitFor();

  await follow(page, link);
  await overview(page);
  assert.ok(!page.url().includes("token"), "the token stays in the address bar");

  await page.context().clearCookies({ name: /diwan_session/ });
  await follow(page, link);
  await page.getByRole("alert").first().waitFor();
});

test("a link alone does not let an owner in", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await askForLink(page, amina.email);
  await follow(page, linkIn(await newestMail(amina, amina.email)));
  await page.getByRole("alert").first().waitFor();
  assert.equal((await page.request.get("/api/v1/me")).status(), 401);
});

test("an unknown address gets the same answer and no mail", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await askForLink(page, "nobody@example.com");
  await askForLink(page, amina.email);
  // Once the second mail is there, the first would have been there for long.
  await newestMail(amina, amina.email);
  const { items } = await amina.api.get("/outbox");
  assert.deepEqual(
    items.map(({ to }) => to),
    [amina.email],
  );
});
