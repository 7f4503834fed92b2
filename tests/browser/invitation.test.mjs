// An owner invites somebody, who joins.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { overview, signIn } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

async function invite(page, email, role) {
  await page.goto("/people/invitations");
  await page
    .getByRole("button", { name: en("people.invite.action") })
    .first()
    .click();
  const dialog = page.getByRole("dialog", { name: en("people.invite.title") });
  await dialog.getByLabel(en("sign_in.email"), { exact: true }).fill(email);
  await dialog.getByLabel(en("people.role"), { exact: true }).selectOption(role);
  await dialog.getByRole("button", { name: en("people.invite.send") }).click();
  const ready = page.getByRole("dialog", { name: en("people.invite.ready_title") });
  const link = /https?:\/\/[^\s]+#token=[^\s]+/.exec(await ready.innerText())[0];
  await ready.getByRole("button", { name: en("common.done") }).click();
  return link;
}

async function join(page, link, name) {
  await page.goto(link);
  await page.getByLabel(en("join.name"), { exact: true }).fill(name);
  await page.getByLabel(en("sign_in.password"), { exact: true }).fill("seven lamps along the garden wall");
  await page.getByRole("button", { name: en("join.action"), exact: true }).click();
}

test("somebody who was invited joins with the role they were given", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const owner = await openBrowser(t, server);
  await signIn(owner.page, amina);
  const link = await invite(owner.page, "basim@example.com", "viewer");
  // The owner watches the list while the guest joins: it changes by itself.
  await owner.page.goto("/people");

  const guest = await openBrowser(t, server);
  await join(guest.page, link, "Basim");
  await overview(guest.page);
  await owner.page.getByText("basim@example.com").first().waitFor({ timeout: 5_000 });

  assert.equal(await guest.page.getByRole("link", { name: en("places.people") }).count(), 0);
  await guest.page.goto("/audit");
  await guest.page.getByText(en("state.no_permission.title")).waitFor();
});

test("an invitation that was withdrawn or used is refused", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const owner = await openBrowser(t, server);
  await signIn(owner.page, amina);
  const link = await invite(owner.page, "basim@example.com", "developer");
  const { items } = await amina.api.get("/invitations");
  await amina.api.call("DELETE", `/invitations/${items[0].id}`);

  const guest = await openBrowser(t, server);
  await guest.page.goto(link);
  await guest.page.getByRole("alert").first().waitFor();
  assert.equal(await guest.page.getByRole("button", { name: en("join.action"), exact: true }).count(), 0);
});
