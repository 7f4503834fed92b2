// Rules that a machine's owner is asked for: from a command that the policy denies to the command that it allows.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { addPerson, claimOwner } from "./support/api.mjs";
import { serious } from "./support/axe.mjs";
import { addMachine } from "./support/bridge.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { program, startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";
import { ar, en } from "./support/words.mjs";

after(closeBrowsers);

const run = promisify(execFile);
const press = (page, key) => page.getByRole("button", { name: en(key), exact: true }).click();
const RULE = `[[rules]]
name = "list"
operations = ["exec"]
program = "ls"
flags = [{ name = "--zero" }]
class = "reads"
decision = "allow"
`;

/** `diwan bridge policy …` on the machine, as its owner. */
const onMachine = ({ files, environment }, ...words) =>
  run(program, ["bridge", "policy", ...words, ...files], { env: environment });

test("a rule for a denied command is asked for, granted on the machine, and holds", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { id, place } = await addMachine(t, amina, { name: "heron" });
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto(`/machines/${id}/commands`);
  const line = page.getByLabel(en("commands.field.line"), { exact: true });
  await line.fill("git gc");
  await page.getByText(en("commands.verdict.deny"), { exact: true }).waitFor();
  await press(page, "machines.rules.action");
  const dialog = page.getByRole("dialog");
  const text = dialog.locator("[name=text]");
  const proposed = await text.inputValue();
  assert.match(proposed, /subcommand = \["gc"\]/);
  await dialog.locator("[name=reason]").fill("لتنظيف المستودع");
  // A mistake is told with its line, in place.
  await text.fill(proposed.replace('"git"', '"gti"'));
  await press(page, "machines.rules.ask");
  await dialog.getByText(en("machines.rules.state_faulty"), { exact: true }).waitFor();
  await dialog.getByText(en("machines.rules.line", { n: 4 }), { exact: true }).waitFor();
  assert.deepEqual(await serious(page), []);
  await text.fill(proposed);
  await press(page, "machines.rules.ask");
  await dialog.getByText(en("machines.rules.state_asked"), { exact: true }).waitFor();
  await dialog.getByRole("button", { name: en("common.close"), exact: true }).last().click();

  await page.getByRole("link", { name: en("machines.one.tabs.policy"), exact: true }).click();
  const asked = page.getByText(en("machines.rules.state_asked"), { exact: true });
  await asked.waitFor();
  assert.deepEqual(await serious(page), []);
  const { items } = await amina.api.get(`/machines/${id}/rule-requests`);
  assert.deepEqual(
    items.map(({ state }) => state),
    ["asked", "faulty"],
  );
  const { stdout } = await onMachine(place, "requests");
  assert.ok(stdout.includes(items[0].id) && stdout.includes("لتنظيف المستودع"), stdout);
  await onMachine(place, "grant", items[0].id, "--yes");
  // The page changes by itself.
  await page.getByText(en("machines.rules.state_granted"), { exact: true }).waitFor();
  await page.goto(`/machines/${id}/commands`);
  await line.fill("git gc");
  await page.getByText(en("commands.verdict.allow"), { exact: true }).waitFor();
});

test("where the policy takes it, somebody else grants from here; whoever asked does not", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const dalia = await addPerson(server, amina, { name: "Dalia", email: "dalia@example.com" });
  const { id, place } = await addMachine(t, amina, { name: "heron" });
  const file = place.files.at(-1);
  await writeFile(file, (await readFile(file, "utf8")).replace("remote = false", "remote = true"));
  const before = await readFile(file, "utf8");
  assert.ok(before.includes("remote = true"));
  const text = RULE.replace("list", "list more");
  const { page } = await openBrowser(t, server);
  await signIn(page, dalia);
  await page.goto(`/machines/${id}/policy`);
  await page.getByText("remote = true").waitFor();
  await press(page, "machines.rules.action");
  const dialog = page.getByRole("dialog");
  await dialog.locator("[name=text]").fill(text);
  await dialog.locator("[name=reason]").fill("lists that machines read");
  await press(page, "machines.rules.ask");
  await dialog.getByText(en("machines.rules.asked_here"), { exact: true }).waitFor();
  await dialog.getByRole("button", { name: en("common.close"), exact: true }).last().click();
  assert.equal(await page.getByRole("button", { name: en("machines.rules.approve"), exact: true }).count(), 0);
  await page.getByRole("button", { name: en("machines.rules.withdraw"), exact: true }).waitFor();

  const other = await openBrowser(t, server, { language: "ar", viewport: { width: 390, height: 844 } });
  await amina.api.patch("/me", { language: "ar" });
  await signIn(other.page, amina, ar);
  await other.page.goto(`/machines/${id}/policy`);
  await other.page.getByRole("button", { name: ar("machines.rules.approve"), exact: true }).click();
  const sure = other.page.getByRole("dialog");
  await sure.getByRole("button", { name: ar("machines.rules.approve"), exact: true }).click();
  await other.page.getByText(ar("machines.rules.state_granted"), { exact: true }).waitFor();
  await page.getByText(en("machines.rules.state_granted"), { exact: true }).waitFor();
  assert.ok((await readFile(file, "utf8")).endsWith(text));
  assert.deepEqual(await serious(other.page), []);
});
