// Many secrets at once: what is looked at first, what becomes of it, and the list taken out without values.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

const TOKEN = "ghp_0123456789abcdef";
const OLD = "the value that was there before";
const LINES = `# what the build needs
export GITHUB_TOKEN=${TOKEN} # rotate in spring
TLS_KEY="-----BEGIN
of nothing"
EMPTY=
GITHUB_USER=twice
GITHUB_USER=heron
`;

const button = (place, key, values) => place.getByRole("button", { name: en(key, values), exact: true });
const row = (dialog, name) => dialog.getByRole("row").filter({ has: dialog.page().getByText(name, { exact: true }) });
const currentValue = async (owner, { id }) =>
  (await owner.api.post(`/secrets/${id}/reveal`, { reason: "to compare" })).value;

async function openImport(t, server, person) {
  const { page } = await openBrowser(t, server);
  await signIn(page, person);
  await page.goto("/secrets");
  await button(page, "vault.import.action").click();
  return { page, dialog: page.getByRole("dialog", { name: en("vault.import.title") }) };
}

const text = (dialog) => dialog.getByLabel(en("vault.import.text"), { exact: true });
const under = (dialog) => dialog.getByLabel(`${en("vault.import.under")} ${en("common.optional")}`, { exact: true });

test("an environment file is looked at without its values, then taken", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page, dialog } = await openImport(t, server, amina);
  await text(dialog).fill("GITHUB_TOKEN=abc\nnothing here");
  await button(dialog, "vault.import.look").click();
  await dialog.getByText(en("vault.import.fault_no_assignment", { line: 2 })).waitFor();

  const chooser = page.waitForEvent("filechooser");
  await button(dialog, "vault.import.file").click();
  const file = { name: ".env", mimeType: "text/plain", buffer: Buffer.from(LINES) };
  await (await chooser).setFiles(file);
  await under(dialog).fill("ci");
  await button(dialog, "vault.import.look").click();
  await dialog.getByText(en("vault.import.totals", { fresh: 3, replaced: 0, left: 2 })).waitFor();
  const focused = await dialog.getByRole("status").evaluate((status) => status === document.activeElement);
  assert.ok(focused, "the keyboard keeps its place");
  await row(dialog, "ci/github-token").getByText(en("vault.import.new"), { exact: true }).waitFor();
  await row(dialog, "ci/empty").getByText(en("vault.import.why_empty")).waitFor();
  await row(dialog, "ci/github-user").first().getByText(en("vault.import.why_twice")).waitFor();
  assert.ok(!(await dialog.getByRole("table").innerHTML()).includes(TOKEN));
  assert.deepEqual((await amina.api.get("/secrets")).items, [], "nothing is sent before it was looked at");

  await button(dialog, "vault.import.send_other", { count: 3 }).click();
  await dialog.getByText(en("vault.import.all_done")).waitFor();
  await button(dialog, "common.close").last().click();
  await page.getByRole("link", { name: "ci/tls-key" }).waitFor();
  assert.ok(!(await page.content()).includes(TOKEN));
  const { items } = await amina.api.get("/secrets");
  const values = await Promise.all(items.map(async (secret) => [secret.name, await currentValue(amina, secret)]));
  assert.deepEqual(values, [
    ["ci/github-token", TOKEN],
    ["ci/github-user", "heron"],
    ["ci/tls-key", "-----BEGIN\nof nothing"],
  ]);
});

test("what is there already is left alone unless a new version is wished for", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const old = await amina.api.post("/secrets", { name: "git/token", kind: "api_key", value: "another-old-key" });
  const { dialog } = await openImport(t, server, amina);
  await text(dialog).fill(JSON.stringify({ git: { token: TOKEN }, "Not A Name": "x", DB_PASSWORD: "two\nlines" }));
  await dialog.getByLabel(en("vault.kind"), { exact: true }).selectOption("password");
  await button(dialog, "vault.import.look").click();
  await row(dialog, "git/token").getByText(en("vault.import.why_there")).waitFor();
  await row(dialog, "Not A Name").getByText(en("vault.import.why_name")).waitFor();
  await row(dialog, "db-password").getByText(en("vault.import.why_form")).waitFor();
  assert.ok(await button(dialog, "vault.import.send_none").isDisabled());

  await button(dialog, "vault.import.back").click();
  await dialog.getByLabel(en("vault.import.replace")).check();
  await button(dialog, "vault.import.look").click();
  await row(dialog, "git/token").getByText(en("vault.import.replaced"), { exact: true }).waitFor();
  await button(dialog, "vault.import.send_one", { count: 1 }).click();
  await dialog.getByText(en("vault.import.done_totals", { fresh: 0, replaced: 1, refused: 0 })).waitFor();
  const now = await amina.api.get(`/secrets/${old.id}`);
  assert.deepEqual([now.current_version, now.kind], [2, "api_key"]);
  assert.equal(await currentValue(amina, old), TOKEN);
});

test("what the server refuses is told by name, and a sealed vault takes nothing", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page, dialog } = await openImport(t, server, amina);
  const deny = { name: "nobody", effect: "deny", subject_kind: "role", subject: "owner", secrets: "prod/**" };
  await amina.api.post("/secret-policies", { ...deny, actions: ["write"] });
  await text(dialog).fill(
    JSON.stringify({ "prod/token": TOKEN, seed: { value: "not base32!", kind: "totp" }, dev: "x" }),
  );
  await button(dialog, "vault.import.look").click();
  await button(dialog, "vault.import.send_other", { count: 3 }).click();
  await dialog.getByText(en("vault.import.part_done")).waitFor();
  const refused = (name) => dialog.getByRole("listitem").filter({ hasText: name });
  await refused("prod/token").getByText(en("problem.secret_denied")).waitFor();
  await refused("seed").getByText(en("field.value_unfit")).waitFor();
  await button(dialog, "common.close").last().click();

  await button(page, "vault.import.action").click();
  // Sealed while somebody is at it; then the way in is closed too.
  await amina.api.post("/vault/seal");
  await page.getByText(en("vault.sealed.title"), { exact: true }).waitFor();
  await text(dialog).fill("A=1\nB=2");
  await button(dialog, "vault.import.look").click();
  await button(dialog, "vault.import.send_other", { count: 2 }).click();
  await dialog.getByText(en("problem.vault_sealed")).waitFor();
  await dialog.getByText(en("vault.import.unsent_other", { count: 2 })).waitFor();
  const { items } = await amina.api.get("/secrets");
  assert.deepEqual(
    items.map(({ name }) => name),
    ["dev"],
  );
});

test("the list is taken out as it is filtered, and no value is in it", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  for (const name of ["git/one", "git/two", "db/three"]) {
    await amina.api.post("/secrets", { name, kind: "password", value: OLD });
  }
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto("/secrets?search=git");
  await page.getByRole("link", { name: "git/two" }).waitFor();
  const saved = page.waitForEvent("download");
  await button(page, "vault.export.action").click();
  await page.getByText(en("vault.export.done")).waitFor();
  const content = await readFile(await (await saved).path(), "utf8");
  const names = content
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).name);
  assert.deepEqual(names, ["git/one", "git/two"]);
  assert.ok(!content.includes(OLD));
});
