// The master key and the seal: rotated with its progress shown, guarded by a passphrase, sealed and unsealed.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addPerson, claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { gone, signIn } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

const VALUE = "the heron stands on one leg";
const PASSPHRASE = "seven boats wait for the tide";

const button = (place, key) => place.getByRole("button", { name: en(key), exact: true });
const field = (place, key) => place.getByLabel(en(key), { exact: true });
const bring = (owner, name) => owner.api.post("/secrets", { name, kind: "password", value: VALUE });

async function openVault(t, server, person) {
  const { page } = await openBrowser(t, server);
  await signIn(page, person);
  await page.goto("/secrets/vault");
  await page.getByRole("main").getByText(en("vault.state_card.unsealed"), { exact: true }).waitFor();
  return page;
}

async function beginRotation(page, guard) {
  await button(page, "vault.master.rotate").click();
  const dialog = page.getByRole("dialog", { name: en("vault.master.rotate_title") });
  if (guard) await dialog.getByRole("radio", { name: en(`vault.guard.${guard}`) }).check();
  return dialog;
}

test("the master key is rotated, its progress is shown, and every value still opens", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const first = await bring(amina, "git/one");
  await bring(amina, "git/two");
  const page = await openVault(t, server, amina);
  const before = await amina.api.get("/vault");
  // Two keys are wrapped too quickly to be seen, so the page is told of a rotation that stands in its middle.
  await page.route("**/api/v1/vault", async (route) => {
    const response = await route.fetch();
    const vault = await response.json();
    const [latest] = (await amina.api.get("/vault/rotations")).items;
    await route.fulfill({ response, json: { ...vault, rotation: latest ? { ...latest, done: 1, total: 2 } : null } });
  });
  const dialog = await beginRotation(page);
  await button(dialog, "vault.master.rotate_begin").click();
  await page.getByText(en("vault.master.begun")).waitFor();
  const progress = page.getByRole("progressbar", { name: en("vault.master.progress") });
  await progress.waitFor();
  assert.deepEqual(await progress.evaluate(({ value, max }) => [value, max]), [1, 2]);
  await page.getByText(en("vault.master.progress_of", { done: 1, total: 2 })).waitFor();
  // One at a time.
  await gone(button(page, "vault.master.rotate"));

  await page.unrouteAll({ behavior: "wait" });
  await page.getByText(en("vault.master.wrapped_other", { count: 2 })).waitFor();
  await page.getByText(en("vault.master.under_way")).waitFor({ state: "detached" });
  await page.reload();
  await button(page, "vault.master.rotate").waitFor();
  const now = await amina.api.get("/vault");
  assert.notEqual(now.master_key.id, before.master_key.id);
  assert.equal(now.rotation, null);
  await page.getByText(now.master_key.id, { exact: true }).waitFor();
  const { value } = await amina.api.post(`/secrets/${first.id}/reveal`, { reason: "to compare" });
  assert.equal(value, VALUE);
});

test("the guard is changed to a passphrase, by which alone the sealed vault opens again", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { id } = await bring(amina, "git/one");
  const page = await openVault(t, server, amina);
  const service = await beginRotation(page, "transit");
  await button(service, "vault.master.rotate_begin").click();
  await service.getByText(en("vault.guard.not_set_up")).waitFor();
  await service.getByRole("radio", { name: en("vault.guard.passphrase") }).check();
  await field(service, "vault.unseal.passphrase").fill("short");
  await field(service, "vault.guard.again").fill("short");
  await button(service, "vault.master.rotate_begin").click();
  await service.getByText(en("field.passphrase_unfit")).waitFor();
  await field(service, "vault.unseal.passphrase").fill(PASSPHRASE);
  await field(service, "vault.guard.again").fill(PASSPHRASE);
  await button(service, "vault.master.rotate_begin").click();
  await service.waitFor({ state: "detached" });
  await page.getByText(en("vault.master.wrapped_one", { count: 1 })).waitFor();
  assert.equal((await amina.api.get("/vault")).master_key.guard, "passphrase");
  await button(page, "vault.master.rotate").waitFor();

  await button(page, "vault.state_card.seal").click();
  await button(page.getByRole("dialog"), "vault.state_card.seal").click();
  await page.getByRole("main").getByText(en("vault.sealed.title"), { exact: true }).waitFor();
  assert.equal((await amina.api.get("/vault")).sealed, true);
  await assert.rejects(amina.api.post(`/secrets/${id}/reveal`, { reason: "in vain" }), /vault_sealed/);

  await button(page, "vault.sealed.unseal").click();
  const unseal = page.getByRole("dialog", { name: en("vault.unseal.title") });
  await field(unseal, "vault.unseal.passphrase").fill("seven goats wait for the tide");
  await button(unseal, "vault.sealed.unseal").click();
  await unseal.getByText(en("problem.unseal_failed")).waitFor();
  assert.equal((await amina.api.get("/vault")).sealed, true);
  await field(unseal, "vault.unseal.passphrase").fill(PASSPHRASE);
  await button(unseal, "vault.sealed.unseal").click();
  await page.getByRole("main").getByText(en("vault.state_card.unsealed"), { exact: true }).waitFor();
  assert.equal((await amina.api.get("/vault")).sealed, false);
  const { value } = await amina.api.post(`/secrets/${id}/reveal`, { reason: "to compare" });
  assert.equal(value, VALUE);
});

test("the overview says that the vault is sealed and leads there, until it is open again", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const basim = await addPerson(server, amina, { name: "Basim", email: "basim@example.com" });
  const hers = await openBrowser(t, server);
  await signIn(hers.page, amina);
  const his = await openBrowser(t, server);
  await signIn(his.page, basim);
  const told = (page) => page.getByText(en("overview.vault_sealed"), { exact: true });
  assert.equal(await told(hers.page).count(), 0);
  await amina.api.post("/vault/seal");
  await told(hers.page).waitFor();
  await told(his.page).waitFor();
  await his.page.getByText(en("overview.vault_sealed_ask")).waitFor();
  assert.equal(await his.page.getByRole("link", { name: en("overview.vault_unseal") }).count(), 0);

  await hers.page.getByRole("link", { name: en("overview.vault_unseal") }).click();
  await button(hers.page, "vault.sealed.unseal").click();
  await hers.page.getByRole("main").getByText(en("vault.state_card.unsealed"), { exact: true }).waitFor();
  await told(his.page).waitFor({ state: "detached" });
});
