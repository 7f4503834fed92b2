// One secret: described anew, given new values, rotated, rolled back, destroyed in part and removed.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addPerson, claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { gone, signIn } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

const NAME = "git/token";
const FIRST = "the heron stands on one leg";
const SECOND = "the heron stands on two legs";

/** A browser with somebody signed in, looking at one secret. */
async function lookAt(t, server, person, id) {
  const { page } = await openBrowser(t, server);
  await signIn(page, person);
  await page.goto(`/secrets/${id}`);
  await page.getByRole("heading", { level: 1, name: NAME }).waitFor();
  return page;
}

const button = (place, key) => place.getByRole("button", { name: en(key), exact: true });
const field = (place, key) => place.getByLabel(en(key), { exact: true });
const optional = (place, key) => place.getByLabel(`${en(key)} ${en("common.optional")}`, { exact: true });

async function choose(page, key) {
  await button(page, "common.actions").click();
  await page.getByRole("menuitem", { name: en(key), exact: true }).click();
}

async function chooseForVersion(page, n, key) {
  await page.getByRole("button", { name: en("vault.versions.more", { n }) }).click();
  await page.getByRole("menuitem", { name: en(key), exact: true }).click();
}

/** Answers the question that stands open. */
async function agree(page, titleKey, values, actionKey) {
  const dialog = page.getByRole("dialog", { name: isolated(en(titleKey, values)) });
  await button(dialog, actionKey).click();
  await dialog.waitFor({ state: "detached" });
}

/** A name inside a sentence stands between marks of its direction. */
const isolated = (text) => text.replace(NAME, `\u2066${NAME}\u2069`);

const version = (page, n) => page.getByRole("listitem").filter({ hasText: en("vault.version_n", { n }) });
const currentValue = async (owner, id) =>
  (await owner.api.post(`/secrets/${id}/reveal`, { reason: "to compare" })).value;
const bring = (owner, more) => owner.api.post("/secrets", { name: NAME, kind: "password", ...more });

test("what is known about a secret is edited, and a wrong entry stays in the form", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { id } = await bring(amina, { value: FIRST });
  const page = await lookAt(t, server, amina, id);
  await choose(page, "vault.secret.edit");
  const dialog = page.getByRole("dialog", { name: isolated(en("vault.secret.edit_title", { name: NAME })) });
  await optional(dialog, "vault.description").fill("Feeds the herons");
  await optional(dialog, "vault.provider").fill("GitHub");
  await optional(dialog, "vault.expires").fill("2099-12-31");
  await field(dialog, "vault.rotation_days").fill("5000");
  await field(dialog, "vault.overlap_hours").fill("48");
  await dialog.getByText(en("vault.secret.by_diwan"), { exact: true }).click();
  await field(dialog, "vault.length").fill("20");
  await button(dialog, "common.save").click();
  await dialog.getByText(en("form.range", { least: 1, most: "3,650" })).waitFor();
  await field(dialog, "vault.rotation_days").fill("7");
  await button(dialog, "common.save").click();
  await dialog.waitFor({ state: "detached" });

  await page.getByText("Feeds the herons", { exact: true }).waitFor();
  await page.getByText(en("vault.secret.every_other", { count: 7 })).waitFor();
  // From now on Diwan can make its values.
  await button(page, "vault.rotate.action").waitFor();
  const now = await amina.api.get(`/secrets/${id}`);
  assert.deepEqual(
    [now.description, now.provider, now.rotation_days, now.overlap_hours],
    ["Feeds the herons", "GitHub", 7, 48],
  );
  assert.equal(now.generate.length, 20);
  assert.equal(new Date(now.expires_at).getFullYear(), 2099);
  assert.equal(await currentValue(amina, id), FIRST);
});

test("a new value becomes current, and one of the wrong form is refused", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { id } = await bring(amina, { value: FIRST });
  const page = await lookAt(t, server, amina, id);
  await button(page, "vault.new_value.action").click();
  const dialog = page.getByRole("dialog", { name: isolated(en("vault.new_value.title", { name: NAME })) });
  await button(dialog, "vault.new_value.save").click();
  await dialog.getByText(en("form.required")).waitFor();
  await field(dialog, "vault.value").fill("two\nlines");
  await button(dialog, "vault.new_value.save").click();
  await dialog.getByText(en("field.value_unfit")).waitFor();
  await field(dialog, "vault.value").fill(SECOND);
  await button(dialog, "vault.new_value.save").click();
  await page.getByText(en("vault.new_value.done", { n: 2 })).waitFor();

  await version(page, 2).getByText(en("vault.versions.state_current"), { exact: true }).waitFor();
  await version(page, 1).getByText(en("vault.versions.state_overlapping"), { exact: true }).waitFor();
  assert.ok(!(await page.content()).includes(SECOND));
  assert.equal(await currentValue(amina, id), SECOND);
});

test("a secret is rotated, an older value is made current again, and a version is destroyed", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { id } = await bring(amina, { generate: { length: 24 } });
  const first = await currentValue(amina, id);
  const page = await lookAt(t, server, amina, id);
  await button(page, "vault.rotate.action").click();
  await agree(page, "vault.rotate.title", { name: NAME }, "vault.rotate.action");
  await page.getByText(en("vault.new_value.done", { n: 2 })).waitFor();
  await version(page, 2).getByText(en("vault.versions.state_current"), { exact: true }).waitFor();
  const second = await currentValue(amina, id);
  assert.equal(second.length, 24);
  assert.notEqual(second, first);

  await chooseForVersion(page, 1, "vault.versions.roll_back");
  await agree(page, "vault.versions.roll_back_title", { n: 1 }, "vault.versions.roll_back");
  await page.getByText(en("vault.new_value.done", { n: 3 })).waitFor();
  await version(page, 3).getByText(en("vault.versions.origin_rolled_back")).waitFor();
  assert.equal(await currentValue(amina, id), first);

  await chooseForVersion(page, 2, "vault.versions.destroy");
  await agree(page, "vault.versions.destroy_title", { n: 2 }, "vault.versions.destroy");
  await version(page, 2).getByText(en("vault.versions.state_destroyed"), { exact: true }).waitFor();
  const { items } = await amina.api.get(`/secrets/${id}/versions`);
  assert.deepEqual(
    items.map((one) => [one.version, one.state]),
    [
      [3, "current"],
      [2, "destroyed"],
      [1, "overlapping"],
    ],
  );
  const again = amina.api.post(`/secrets/${id}/reveal`, { reason: "to see it gone", version: 2 });
  await assert.rejects(again, /secret_version_destroyed/);
  // What was destroyed offers nothing any more.
  await gone(version(page, 2).getByRole("button"));
});

test("a secret is removed, and the list no longer has it", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { id } = await bring(amina, { value: FIRST });
  const elsewhere = await lookAt(t, server, amina, id);
  const page = await lookAt(t, server, amina, id);
  await choose(page, "vault.secret.remove");
  const dialog = page.getByRole("dialog", { name: isolated(en("vault.secret.remove_title", { name: NAME })) });
  await button(dialog, "common.cancel").click();
  await dialog.waitFor({ state: "detached" });
  await choose(page, "vault.secret.remove");
  await agree(page, "vault.secret.remove_title", { name: NAME }, "vault.secret.remove");
  await page.getByText(en("vault.empty"), { exact: true }).waitFor();
  assert.deepEqual((await amina.api.get("/secrets")).items, []);
  // Whoever looks at it meanwhile is told at once.
  await elsewhere.getByText(en("problem.not_found")).waitFor();
});

test("who hears no events about secrets sees their own changes at once all the same", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const basim = await addPerson(server, amina, { name: "Basim", email: "basim@example.com" });
  const allow = { effect: "allow", subject_kind: "role", subject: "developer", secrets: "git/*" };
  await amina.api.post("/secret-policies", { ...allow, name: "developers", actions: ["read", "write"] });
  await bring(amina, { value: FIRST });
  const { page } = await openBrowser(t, server);
  await signIn(page, basim);
  await page.goto("/secrets");
  await page.getByRole("link", { name: NAME }).click();
  await choose(page, "vault.secret.edit");
  const dialog = page.getByRole("dialog");
  await field(dialog, "vault.name").fill("git/renamed");
  await button(dialog, "common.save").click();
  await page.getByRole("heading", { level: 1, name: "git/renamed" }).waitFor();
  await page.getByRole("link", { name: en("vault.secret.back") }).click();
  await page.getByRole("link", { name: "git/renamed" }).waitFor();
  await gone(page.getByRole("link", { name: NAME, exact: true }));

  await page.getByRole("link", { name: "git/renamed" }).click();
  await choose(page, "vault.secret.remove");
  await button(page.getByRole("dialog"), "vault.secret.remove").click();
  await page.getByText(en("vault.empty_known"), { exact: true }).waitFor();
});
