// Settings: changed and saved, judged while one types, locked, compared, rolled back, and followed from the file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { addPerson, claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { gone, signIn } from "./support/steps.mjs";
import { ar, en } from "./support/words.mjs";

after(closeBrowsers);

const PASSWORD = "the heron knows the mail house";
const MAIL = `# How we send mail
mail:
  host: smtp.example.org
  port: 587 # asked for by the mail house
  from: diwan@example.org
`;

/** What a setting is called: `named("en", "mail.port")`. */
function named(language, key) {
  const file = fileURLToPath(new URL(`../../web/src/i18n/${language}/setting-texts.json`, import.meta.url));
  return JSON.parse(readFileSync(file, "utf8")).setting_texts[key].name;
}

const field = (page, key, language = "en") => page.getByLabel(named(language, key), { exact: true });
const fileOf = (server) => join(server.dataDir, "diwan.yaml");

/** A house with this configuration, its owner, and her page at these settings. */
async function atSettings(t, { config = MAIL, settings, place = "/settings?section=mail", language = "en" } = {}) {
  const server = await startServer(t, { config, settings });
  const amina = await claimOwner(server, { language });
  const { page } = await openBrowser(t, server, { language });
  await signIn(page, amina, { en, ar }[language]);
  await page.goto(place);
  return { server, amina, page };
}

/** The ten minutes in which a proof counts are over: the next saving is refused once, as the server does. */
async function proofRunsOut(page) {
  const refusal = { type: "about:blank", status: 403, code: "step_up_required", title: "", detail: "" };
  const answer = { status: 403, contentType: "application/problem+json", body: JSON.stringify(refusal) };
  let refused = false;
  await page.route("**/api/v1/settings", (route) => {
    if (refused || route.request().method() !== "PATCH") return route.fallback();
    refused = true;
    return route.fulfill(answer);
  });
}

async function review(page) {
  await page.getByRole("button", { name: en("settings.review") }).click();
  return page.getByRole("dialog", { name: en("settings.review_title") });
}

async function save(page, comment) {
  const dialog = await review(page);
  await dialog.getByLabel(en("settings.comment")).fill(comment);
  await dialog.getByRole("button", { name: en("settings.save"), exact: true }).click();
  await dialog.waitFor({ state: "detached" });
}

test("settings are changed, reviewed and saved into the file, whose comments stay", async (t) => {
  const { server, amina, page } = await atSettings(t);
  await proofRunsOut(page);
  await field(page, "mail.port").fill("2525");
  const bar = page.getByRole("region", { name: en("settings.pending_edits") });
  await bar.getByText(en("settings.changes_one", { count: 1 }), { exact: true }).waitFor();
  await page.getByRole("link", { name: named("en", "identity"), exact: true }).click();
  await field(page, "identity.session_idle_minutes").fill("720");
  // What the number comes to is said beside it.
  await page.getByText("12 hours", { exact: true }).waitFor();
  const dialog = await review(page);
  await dialog.getByText("mail.port", { exact: true }).waitFor();
  await dialog.getByText("587", { exact: true }).waitFor();
  await dialog.getByLabel(en("settings.comment")).fill("The mail house moved");
  await dialog.getByRole("button", { name: en("settings.save"), exact: true }).click();
  const proof = page.getByRole("dialog", { name: en("step_up.title") });
  await proof.getByLabel(en("step_up.password"), { exact: true }).fill(amina.password);
  await proof.getByRole("button", { name: en("step_up.confirm") }).click();
  await page.getByText(en("settings.saved", { n: 2 }), { exact: true }).waitFor();
  await dialog.waitFor({ state: "detached" });
  const written = await readFile(fileOf(server), "utf8");
  assert.match(written, /^# How we send mail$/m);
  assert.match(written, /^ {2}port: 2525 # asked for by the mail house$/m);
  assert.match(written, /session_idle_minutes: 720/);

  // What is in the file can be taken out of it again.
  await page.getByRole("link", { name: named("en", "mail"), exact: true }).click();
  const row = page.getByRole("listitem").filter({ has: field(page, "mail.port") });
  await row.getByRole("button", { name: en("settings.to_default") }).click();
  await save(page, "");
  assert.doesNotMatch(await readFile(fileOf(server), "utf8"), /^ {2}port:/m);
  assert.equal(await field(page, "mail.port").inputValue(), "0");
});

test("what does not fit is said at its field while one types, and cannot be saved", async (t) => {
  const { page } = await atSettings(t);
  await field(page, "mail.port").fill("99999");
  await page.getByText(en("settings.flaw.range", { least: "0", most: "65,535" })).waitFor();
  assert.equal(await field(page, "mail.port").getAttribute("aria-invalid"), "true");
  assert.ok(await page.getByRole("button", { name: en("settings.review") }).isDisabled());
  await page.getByRole("button", { name: en("settings.discard") }).click();

  // What only the server knows stands at the entry that it is about.
  await page.getByRole("link", { name: named("en", "identity"), exact: true }).click();
  const row = page.getByRole("group", { name: named("en", "identity.allowed_addresses") });
  await row.getByRole("button", { name: en("settings.add_entry") }).click();
  await row.getByLabel(en("settings.entry_n", { n: 1 }), { exact: true }).fill("everywhere");
  await page.getByText(en("settings.to_mend_one", { count: 1 })).waitFor();
  await row.getByText(en("settings.flaw.network"), { exact: true }).waitFor();

  // So does a field of a list of maps, in whatever section one looks.
  await page.getByRole("button", { name: en("settings.discard") }).click();
  await page.getByRole("link", { name: named("en", "oidc"), exact: true }).click();
  await page.getByRole("button", { name: en("settings.add_entry") }).click();
  await field(page, "oidc.providers.id").fill("acme");
  await field(page, "oidc.providers.label").fill("Acme");
  await field(page, "oidc.providers.client_id").fill("diwan");
  await page.getByRole("link", { name: named("en", "mail"), exact: false }).last().click();
  await page.getByRole("button", { name: en("settings.to_mend_one", { count: 1 }) }).click();
  await page.getByRole("button", { name: /^Acme/ }).click();
  await page.getByText(en("settings.flaw.required")).waitFor();
  assert.equal(await field(page, "oidc.providers.issuer").getAttribute("aria-invalid"), "true");
});

test("what the environment sets is locked, and says where to change it", async (t) => {
  const { page } = await atSettings(t, { settings: { DIWAN_MAIL_HOST: "smtp.environment.example" } });
  await page.getByText("DIWAN_MAIL_HOST", { exact: true }).waitFor();
  assert.equal(await field(page, "mail.host").inputValue(), "smtp.environment.example");
  assert.ok(await field(page, "mail.host").isDisabled());
  assert.ok(await field(page, "mail.port").isEnabled());
});

test("who may only look sees the settings and cannot change them", async (t) => {
  const server = await startServer(t, { config: MAIL });
  const amina = await claimOwner(server);
  const basim = await addPerson(server, amina, { name: "Basim", email: "basim@example.com", role: "admin" });
  const { page } = await openBrowser(t, server);
  await signIn(page, basim);
  await page.goto("/settings?section=mail");
  await page.getByText(en("settings.look_only"), { exact: true }).waitFor();
  assert.ok(await field(page, "mail.port").isDisabled());
  assert.equal(await page.getByRole("button", { name: en("settings.reload") }).count(), 0);
});

test("the history tells who changed what, and leads back", async (t) => {
  const { server, page } = await atSettings(t);
  await field(page, "mail.port").fill("2525");
  await save(page, "The mail house moved");
  await page.getByRole("link", { name: en("settings.tabs.history") }).click();
  await page.getByText("The mail house moved", { exact: true }).waitFor();
  await page.getByRole("button", { name: en("settings.history.what") }).first().click();
  await page.getByText("mail.port", { exact: true }).waitFor();
  await page.getByRole("button", { name: en("settings.history.compare") }).click();
  const compared = page.getByRole("dialog", { name: en("settings.history.compared", { from: 1, to: 2 }) });
  await compared.getByText("2525", { exact: true }).waitFor();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: en("settings.history.roll_back"), exact: true }).click();
  const dialog = page.getByRole("dialog", { name: en("settings.history.roll_back_title", { n: "1" }) });
  await dialog.getByText("587", { exact: true }).waitFor();
  await dialog.getByRole("button", { name: en("settings.history.roll_back"), exact: true }).click();
  await page.getByText(en("settings.history.cause_rollback_to", { n: "1" }), { exact: true }).waitFor();
  assert.equal(await readFile(fileOf(server), "utf8"), MAIL);
});

test("a secret in plain text is moved into the vault, and another one is kept there at once", async (t) => {
  const { server, amina, page } = await atSettings(t, { config: `${MAIL}  password: ${PASSWORD}\n` });
  const row = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: named("en", "mail.password") }) });
  await row.getByText(en("settings.secret.plain_line", { line: "6" })).waitFor();
  assert.ok(!(await page.content()).includes(PASSWORD));
  await page.getByRole("button", { name: en("settings.secret.move") }).first().click();
  const dialog = page.getByRole("dialog", { name: en("settings.secret.move_title") });
  await dialog.getByRole("button", { name: en("settings.secret.move") }).click();
  await dialog.waitFor({ state: "detached" });
  await row.getByRole("link", { name: "mail/password" }).waitFor();
  await page.getByText(en("settings.plain_one"), { exact: true }).waitFor({ state: "detached" });
  const written = await readFile(fileOf(server), "utf8");
  assert.match(written, /^ {2}password: ['"]?vault:mail\/password['"]?$/m);
  assert.ok(!written.includes(PASSWORD));

  await row.getByRole("button", { name: en("settings.secret.another") }).click();
  const choice = page.getByRole("dialog", { name: named("en", "mail.password") });
  await choice.getByLabel(en("settings.secret.value"), { exact: true }).fill("seven boats wait for the tide");
  await choice.getByLabel(en("settings.secret.name"), { exact: true }).fill("mail/new-house");
  await choice.getByRole("button", { name: en("settings.secret.keep") }).click();
  await row.getByRole("link", { name: "mail/new-house" }).waitFor();
  await save(page, "");
  assert.match(await readFile(fileOf(server), "utf8"), /vault:mail\/new-house/);
  const { items } = await amina.api.get("/secrets");
  assert.deepEqual(items.map(({ name }) => name).sort(), ["mail/new-house", "mail/password"]);
});

test("a refused file is told with its faults on every open page, until it is mended", async (t) => {
  const { server, page } = await atSettings(t);
  await writeFile(fileOf(server), MAIL.replace("port: 587", "prot: 587"));
  await page.getByText(en("settings.refused"), { exact: true }).waitFor();
  await page.getByText("mail.prot", { exact: true }).waitFor();
  await page.getByText(`${fileOf(server)}:4`, { exact: false }).waitFor();
  // What was in force still is.
  assert.equal(await field(page, "mail.port").inputValue(), "587");
  await writeFile(fileOf(server), MAIL.replace("port: 587", "port: 465"));
  await page.getByText(en("settings.refused"), { exact: true }).waitFor({ state: "detached" });
  await page.locator("input[value='465']").waitFor();
});

test("who saves after somebody else keeps their edits and sees what they stand on", async (t) => {
  const { amina, page } = await atSettings(t);
  await field(page, "mail.port").fill("2525");
  await field(page, "mail.username").fill("diwan");
  await amina.api.patch("/settings", { changes: { "mail.port": 465 } });
  const dialog = await review(page);
  await dialog.getByText(en("settings.meanwhile"), { exact: true }).waitFor();
  assert.ok(await dialog.getByRole("button", { name: en("settings.save"), exact: true }).isDisabled());
  await dialog.getByRole("button", { name: en("settings.keep_mine") }).click();
  await dialog.getByText("465", { exact: true }).waitFor();
  await dialog.getByRole("button", { name: en("settings.save"), exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  const { items } = await amina.api.get("/settings");
  assert.equal(items.find(({ section, key }) => section === "mail" && key === "port").value, 2525);
});

test("leaving with unsaved changes is asked about", async (t) => {
  const { page } = await atSettings(t);
  await field(page, "mail.port").fill("2525");
  await page.getByRole("link", { name: en("places.overview"), exact: true }).click();
  const dialog = page.getByRole("dialog", { name: en("settings.leave_title") });
  await dialog.getByRole("button", { name: en("settings.stay") }).click();
  assert.equal(await field(page, "mail.port").inputValue(), "2525");
  await page.getByRole("link", { name: en("places.overview"), exact: true }).click();
  await dialog.getByRole("button", { name: en("settings.leave"), exact: true }).click();
  await page.getByRole("heading", { level: 1, name: en("places.overview") }).waitFor();
});

test("in Arabic, settings have Arabic names, descriptions and faults", async (t) => {
  const { page } = await atSettings(t, { language: "ar" });
  await page.getByRole("heading", { name: named("ar", "mail.port"), exact: true }).waitFor();
  await field(page, "mail.port", "ar").fill("99999");
  await page.getByText(ar("settings.flaw.range", { least: "0", most: "65,535" })).waitFor();
  await page.getByRole("searchbox", { name: ar("settings.search") }).fill("خمول");
  await field(page, "identity.session_idle_minutes", "ar").waitFor();
  await gone(page.getByRole("heading", { name: named("ar", "mail.port"), exact: true }));
});
