// Secrets: brought in, revealed, denied, and a vault that is sealed.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addPerson, claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

const VALUE = "the heron stands on one leg";

/** The ten minutes in which a proof counts are over: the next call of this kind is refused once, as the server does. */
async function proofRunsOut(page, path) {
  const refusal = { type: "about:blank", status: 403, code: "step_up_required", title: "", detail: "" };
  const answer = { status: 403, contentType: "application/problem+json", body: JSON.stringify(refusal) };
  await page.route(path, (route) => route.fulfill(answer), { times: 1 });
}

async function bring(owner, name, value = VALUE) {
  return owner.api.post("/secrets", { name, kind: "password", value });
}

async function askToReveal(page, reason) {
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(en("vault.reveal.reason"), { exact: true }).fill(reason);
  await dialog.locator("button[type=submit]").click();
}

test("a secret is brought in, and revealed with a reason and a fresh proof", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.getByRole("link", { name: en("places.secrets"), exact: true }).click();
  await page.getByText(en("vault.empty"), { exact: true }).waitFor();
  await page
    .getByRole("button", { name: en("vault.new.action") })
    .first()
    .click();
  const dialog = page.getByRole("dialog", { name: en("vault.new.title") });
  await dialog.getByLabel(en("vault.name"), { exact: true }).fill("Git Token");
  await dialog.getByLabel(en("vault.value"), { exact: true }).fill(VALUE);
  await dialog.getByRole("button", { name: en("vault.new.save") }).click();
  await dialog.getByText(en("form.secret_name")).waitFor();
  await dialog.getByLabel(en("vault.name"), { exact: true }).fill("git/token");
  await dialog.getByRole("button", { name: en("vault.new.save") }).click();
  await page.getByRole("heading", { level: 1, name: "git/token" }).waitFor();
  await dialog.waitFor({ state: "detached" });
  assert.ok(!(await page.content()).includes(VALUE));

  await proofRunsOut(page, "**/reveal");
  await page.getByRole("button", { name: en("vault.reveal.action") }).click();
  await askToReveal(page, "looking after the herons");
  const proof = page.getByRole("dialog", { name: en("step_up.title") });
  // A slip of the hand ends no session.
  const typed = proof.getByLabel(en("step_up.password"), { exact: true });
  await typed.and(page.locator(":focus")).fill("the heron flew away");
  await proof.getByRole("button", { name: en("step_up.confirm") }).click();
  await proof.getByText(en("field.current_password_wrong")).waitFor();
  await typed.fill(amina.password);
  await proof.getByRole("button", { name: en("step_up.confirm") }).click();
  await page.getByText(VALUE, { exact: true }).waitFor();
  await page.getByRole("button", { name: en("vault.reveal.hide") }).click();
  await page.getByText(VALUE, { exact: true }).waitFor({ state: "detached" });
  assert.ok(!(await page.content()).includes(VALUE));
  // Who read it, and why, is told at once.
  await page.getByText("looking after the herons", { exact: true }).waitFor();
});

test("a value hides itself after half a minute", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { id } = await bring(amina, "git/token");
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.clock.install();
  await page.goto(`/secrets/${id}`);
  await page.getByRole("button", { name: en("vault.reveal.action") }).click();
  await askToReveal(page, "to see it go");
  await page.getByText(VALUE, { exact: true }).waitFor();
  await page.clock.runFor(20_000);
  assert.ok(await page.getByText(VALUE, { exact: true }).isVisible());
  await page.clock.runFor(11_000);
  await page.getByText(VALUE, { exact: true }).waitFor({ state: "detached" });
});

test("what a policy denies is refused at once, and an owner can still break the glass", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const basim = await addPerson(server, amina, { name: "Basim", email: "basim@example.com" });
  const { id } = await bring(amina, "git/prod");
  const allow = { effect: "allow", subject_kind: "role", subject: "developer", secrets: "git/*" };
  await amina.api.post("/secret-policies", { ...allow, name: "developers", actions: ["read", "rotate"] });
  const his = await openBrowser(t, server);
  await signIn(his.page, basim);
  await his.page.goto("/secrets");
  await his.page.getByRole("link", { name: "git/prod" }).click();
  await his.page.getByRole("button", { name: en("vault.reveal.action") }).click();

  const hers = await openBrowser(t, server);
  await signIn(hers.page, amina);
  await hers.page.goto("/secrets/policies");
  await hers.page.getByRole("button", { name: en("vault.policies.new") }).click();
  const dialog = hers.page.getByRole("dialog", { name: en("vault.policies.new_title") });
  await dialog.getByLabel(en("vault.policies.name"), { exact: true }).fill("not Basim");
  await dialog.getByText(en("vault.policies.deny"), { exact: true }).click();
  await dialog.getByLabel(en("vault.policies.subject_kind"), { exact: true }).selectOption("user");
  const person = dialog.getByLabel(en("vault.policies.subject_user"), { exact: true });
  await person.getByRole("option", { name: /Basim/ }).waitFor({ state: "attached" });
  await person.selectOption({ label: "Basim — basim@example.com" });
  await dialog.getByLabel(en("vault.policies.secrets"), { exact: true }).fill("git/prod");
  await dialog.getByRole("button", { name: en("vault.policies.save") }).click();
  await hers.page.getByText("not Basim", { exact: true }).waitFor();

  await askToReveal(his.page, "out of habit");
  await his.page.getByRole("dialog").getByText(en("problem.secret_denied")).waitFor();
  assert.equal(await his.page.getByRole("button", { name: en("vault.break_glass.action") }).count(), 0);

  const { items } = await amina.api.get("/secret-policies");
  for (const policy of items) await amina.api.call("DELETE", `/secret-policies/${policy.id}`);
  await hers.page.goto(`/secrets/${id}`);
  await hers.page.getByText(en("vault.readers.past_policies")).waitFor();
  await hers.page.getByRole("button", { name: en("vault.break_glass.action") }).click();
  await askToReveal(hers.page, "the house is on fire");
  await hers.page.getByText(VALUE, { exact: true }).waitFor();
  const { items: entries } = await amina.api.get("/audit?resource=secret:git/prod&outcome=ok&limit=2");
  assert.deepEqual(
    entries.map(({ action, metadata }) => [action, metadata.reason, metadata.past_policies ?? false]),
    [
      ["secret.break_glass", "the house is on fire", false],
      ["secret.read", "the house is on fire", true],
    ],
  );
});

test("a sealed vault says so on every open page until an owner unseals it", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const basim = await addPerson(server, amina, { name: "Basim", email: "basim@example.com" });
  await bring(amina, "git/token");
  const his = await openBrowser(t, server);
  await signIn(his.page, basim);
  await his.page.goto("/secrets");
  await his.page.getByText(en("vault.empty_known")).waitFor();
  const hers = await openBrowser(t, server);
  await signIn(hers.page, amina);
  await hers.page.goto("/secrets/vault");
  await hers.page.getByRole("button", { name: en("vault.verify.action") }).click();
  await hers.page.getByText(en("vault.verify.ok")).waitFor();
  await hers.page.getByRole("button", { name: en("vault.state_card.seal") }).click();
  await hers.page
    .getByRole("dialog")
    .getByRole("button", { name: en("vault.state_card.seal") })
    .click();
  await hers.page.getByText(en("vault.sealed.why_by_hand")).waitFor();
  // His page was open meanwhile; it hears of it by itself, and offers him nothing to do.
  await his.page.getByText(en("vault.sealed.title"), { exact: true }).waitFor();
  assert.ok(await his.page.getByRole("button", { name: en("vault.new.action") }).first().isDisabled());
  assert.equal(await his.page.getByRole("button", { name: en("vault.sealed.unseal") }).count(), 0);

  await hers.page.getByRole("button", { name: en("vault.sealed.unseal") }).click();
  await hers.page.getByRole("main").getByText(en("vault.state_card.unsealed"), { exact: true }).waitFor();
  await his.page.getByText(en("vault.sealed.title"), { exact: true }).waitFor({ state: "detached" });
});

test("a vault behind a passphrase is set up and unsealed in the dashboard", async (t) => {
  const passphrase = "seven boats wait for the tide";
  const server = await startServer(t, { settings: { DIWAN_VAULT_GUARD: "passphrase" } });
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto("/secrets");
  await page.getByRole("button", { name: en("vault.sealed.set_up") }).click();
  const setup = page.getByRole("dialog", { name: en("vault.setup.title") });
  await setup.getByRole("radio", { name: en("vault.guard.passphrase") }).check();
  await setup.getByLabel(en("vault.unseal.passphrase"), { exact: true }).fill(passphrase);
  await setup.getByLabel(en("vault.guard.again"), { exact: true }).fill("seven boats");
  await setup.getByRole("button", { name: en("vault.sealed.set_up") }).click();
  await setup.getByText(en("form.mismatch")).waitFor();
  await setup.getByLabel(en("vault.guard.again"), { exact: true }).fill(passphrase);
  await setup.getByRole("button", { name: en("vault.sealed.set_up") }).click();
  await page.getByText(en("vault.sealed.title_not_initialised")).waitFor({ state: "detached" });

  await amina.api.post("/vault/seal");
  await page.getByRole("button", { name: en("vault.sealed.unseal") }).click();
  const unseal = page.getByRole("dialog", { name: en("vault.unseal.title") });
  await unseal.getByLabel(en("vault.unseal.passphrase"), { exact: true }).fill("seven goats");
  await unseal.getByRole("button", { name: en("vault.sealed.unseal") }).click();
  await unseal.getByText(en("problem.unseal_failed")).waitFor();
  await unseal.getByLabel(en("vault.unseal.passphrase"), { exact: true }).fill(passphrase);
  await unseal.getByRole("button", { name: en("vault.sealed.unseal") }).click();
  await page.getByText(en("vault.sealed.title"), { exact: true }).waitFor({ state: "detached" });
});
