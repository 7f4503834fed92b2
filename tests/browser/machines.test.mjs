// Machines: joined by the line, commanded as their policies allow, one and many, and put out. Real bridges.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addPerson, claimOwner } from "./support/api.mjs";
import { flaws } from "./support/axe.mjs";
import { addMachine, joinByLine, machinePlace, startBridge } from "./support/bridge.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";
import { ar, en } from "./support/words.mjs";

after(closeBrowsers);

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const line = (page) => page.getByLabel(en("commands.field.line"), { exact: true });
const press = (page, key, values) => page.getByRole("button", { name: en(key, values), exact: true }).click();
const badge = (page, key) => page.getByRole("main").getByText(en(key), { exact: true }).first();

async function runHere(page, text) {
  await line(page).fill(text);
  await page.getByText(en("commands.verdict.allow"), { exact: true }).waitFor();
  await press(page, "commands.run.action");
}

test("a machine joins by the line, step by step, and is cut off when it is revoked", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.getByRole("link", { name: en("places.machines"), exact: true }).click();
  await press(page, "machines.empty_action");
  const dialog = page.getByRole("dialog", { name: en("machines.join.title") });
  await dialog.locator("[name=name]").fill("Heron");
  await press(page, "machines.join.make");
  await dialog.getByText(en("form.machine_name")).waitFor();
  await dialog.locator("[name=name]").fill("heron");
  await dialog.locator("[name=labels]").fill("env=a, env=b");
  await press(page, "machines.join.make");
  await dialog.getByText(/env=b/).waitFor();
  await dialog.locator("[name=labels]").fill("env=test, gpu");
  await press(page, "machines.join.make");
  await page.getByText(en("machines.join.step_waiting"), { exact: true }).waitFor();
  await page.getByText(en("machines.join.way_command"), { exact: true }).click();
  const shown = await page.getByRole("dialog").locator("code").textContent();

  const place = await machinePlace(t);
  await joinByLine(place, shown);
  await page.getByText(en("machines.join.step_joined_done"), { exact: true }).waitFor();
  await startBridge(t, place);
  await page.getByText(en("machines.join.step_connected_done"), { exact: true }).waitFor();
  await page.getByRole("link", { name: en("machines.join.open_machine") }).click();
  await page.getByRole("heading", { level: 1, name: "heron" }).waitFor();
  await badge(page, "machines.state_online").waitFor();
  await page.getByRole("img", { name: /Processor/ }).waitFor();
  await page.getByText(en("machines.layer.landlock")).waitFor({ state: "attached" });

  await page
    .getByRole("main")
    .getByRole("button", { name: en("common.actions") })
    .click();
  await page.getByRole("menuitem", { name: en("machines.revoke.action") }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: en("machines.revoke.action") })
    .click();
  await page.getByText(en("machines.trouble.revoked"), { exact: true }).waitFor();
  await page.getByRole("link", { name: en("machines.one.tabs.activity") }).click();
  await page.getByText(en("audit_action.machine.revoke"), { exact: true }).waitFor();
});

test("a line that nobody pasted is withdrawn on leaving, and joins nobody any more", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto("/machines?add=true");
  await page.getByRole("dialog").locator("[name=name]").fill("heron");
  await press(page, "machines.join.make");
  await page.getByText(en("machines.join.way_command"), { exact: true }).click();
  const shown = await page.getByRole("dialog").locator("code").textContent();
  await page.keyboard.press("Escape");
  await press(page, "machines.join.leave_withdraw");
  await page.getByRole("dialog").first().waitFor({ state: "detached" });
  await assert.rejects(joinByLine(await machinePlace(t), shown));
  const { items } = await amina.api.get("/join-tokens");
  assert.deepEqual(
    items.map(({ state }) => state),
    ["withdrawn"],
  );
});

test("the policy speaks before a command runs, and its output arrives while it does", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { id } = await addMachine(t, amina, { name: "heron" });
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto(`/machines/${id}/commands`);
  await line(page).fill("rm -rf '/' | cat");
  await page.getByText(en("commands.verdict.deny"), { exact: true }).waitFor();
  await page.getByText(en("commands.reason.program_not_listed"), { exact: true }).waitFor();
  const run = page.getByRole("button", { name: en("commands.run.action"), exact: true });
  assert.ok(await run.isDisabled());
  await line(page).fill("echo 'a  heron");
  await page.getByText(en("commands.argv.open_quote"), { exact: true }).waitFor();
  assert.ok(await run.isDisabled());

  await runHere(page, "echo 'a  heron'");
  await page
    .getByRole("region", { name: en("commands.output.title") })
    .getByText("a heron")
    .waitFor();
  await badge(page, "commands.state.succeeded").waitFor();
  // The form fills the window; what came of it is brought into view, and the focus with it.
  const now = page.getByRole("region", { name: en("commands.now"), exact: true });
  const handle = await now.elementHandle();
  await page.waitForFunction((region) => {
    const { top } = region.getBoundingClientRect();
    return top >= 0 && top < 400 && region === document.activeElement;
  }, handle);
  await runHere(page, "false");
  await page
    .getByText(en("commands.state.status", { n: 1 }), { exact: true })
    .first()
    .waitFor();

  await runHere(page, "sleep 60");
  await badge(page, "commands.state.running").waitFor();
  await press(page, "commands.stop");
  await badge(page, "commands.state.cancelled").waitFor();
  const { items } = await amina.api.get(`/commands?machine=${id}`);
  assert.deepEqual(
    items.map(({ operation, outcome }) => [operation.argv.join(" "), outcome]),
    [
      ["sleep 60", "cancelled"],
      ["false", "exited"],
      ["echo a  heron", "exited"],
    ],
  );
  await page.getByRole("link", { name: en("machines.one.tabs.activity") }).click();
  await page.getByRole("cell").getByText("sleep 60").first().waitFor();
  assert.equal(await page.getByText(id, { exact: true }).count(), 0);
});

test("a long output is shown from its end, and downloaded whole", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { id } = await addMachine(t, amina, { name: "heron" });
  const operation = { kind: "exec", argv: ["seq", "300000"], root: "projects" };
  const { commands } = await amina.api.post("/commands", { machine: id, operation, await_end_ms: 20_000 });
  assert.equal(commands[0].exit_code, 0);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto(`/machines/commands/${commands[0].id}`);
  const output = page.getByRole("region", { name: en("commands.output.title") });
  await output.getByText("300000", { exact: true }).waitFor();
  assert.equal(await output.getByText("1", { exact: true }).count(), 0);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: en("commands.output.download_output") }).click(),
  ]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString().trimEnd().split("\n");
  assert.deepEqual([lines.length, lines[0], lines.at(-1)], [300_000, "1", "300000"]);
});

test("what the policy asks about is run once another person has said yes", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const basim = await addPerson(server, amina, { name: "Basim", email: "basim@example.com" });
  const { id } = await addMachine(t, amina, { name: "heron", policy: "strict" });
  const his = await openBrowser(t, server);
  await signIn(his.page, basim);
  await his.page.goto(`/machines/${id}/commands`);
  await his.page.getByLabel(en("commands.kind"), { exact: true }).selectOption("git.pull");
  await his.page.getByText(en("commands.verdict.ask"), { exact: true }).waitFor();
  await press(his.page, "commands.run.ask");
  await his.page.getByText(en("commands.approval.own"), { exact: true }).waitFor();

  const { items } = await amina.api.get("/commands?state=needs_approval");
  const hers = await openBrowser(t, server);
  await signIn(hers.page, amina);
  await hers.page.goto(`/machines/commands/${items[0].id}`);
  await press(hers.page, "commands.approval.action");
  await hers.page
    .getByRole("dialog")
    .getByRole("button", { name: en("commands.approval.action") })
    .click();
  await hers.page.getByText(en("commands.approval.given"), { exact: true }).waitFor();
  // His page was open meanwhile.
  await his.page.getByText(en("commands.approval.given"), { exact: true }).waitFor();
});

test("one command runs on many machines, and one that is away is told apart", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  for (const name of ["heron", "stork"]) await addMachine(t, amina, { name, labels: ["kind=bird"] });
  const away = await addMachine(t, amina, { name: "ibis", labels: ["kind=bird", "far"] });
  await away.stop();
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto("/machines");
  await page.getByRole("button", { name: en("machines.pick_label", { label: "far" }) }).click();
  await page.getByText("heron", { exact: true }).waitFor({ state: "detached" });
  await page.goto("/machines/run?labels=kind");
  await page.getByText(en("commands.many.matching_other", { count: 3 }), { exact: true }).waitFor();
  await line(page).fill("echo a heron");
  await page.getByText(en("commands.many.allow_other", { count: 2 }), { exact: true }).waitFor();
  await page.getByText(en("commands.many.away_one", { count: 1 }), { exact: true }).waitFor();
  await press(page, "commands.many.action_other", { count: 3 });
  await page.getByText(en("commands.many.succeeded_other", { count: 2 }), { exact: true }).waitFor();
  await page.getByText(en("commands.state.away"), { exact: true }).waitFor();
  await page.getByRole("button", { name: "stork" }).click();
  await page
    .getByRole("region", { name: en("commands.output.title") })
    .getByText("a heron")
    .waitFor();
});

test("who may only look sees machines and no way to command them", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const dana = await addPerson(server, amina, { name: "Dana", email: "dana@example.com", role: "viewer" });
  const { id } = await addMachine(t, amina, { name: "heron" });
  const { page } = await openBrowser(t, server);
  await signIn(page, dana);
  await page.goto("/machines");
  await page.getByRole("link", { name: "heron", exact: true }).waitFor();
  assert.equal(await page.getByRole("button", { name: en("machines.join.action") }).count(), 0);
  await page.goto(`/machines/${id}`);
  await page.getByRole("heading", { level: 1, name: "heron" }).waitFor();
  assert.equal(await page.getByRole("link", { name: en("machines.one.tabs.commands") }).count(), 0);
  await page.goto(`/machines/${id}/commands`);
  await page.getByText(en("state.no_permission.title"), { exact: true }).waitFor();
});

for (const [language, theme, options] of [
  ["en", "light", {}],
  ["ar", "dark", phone],
]) {
  const t9n = { en, ar }[language];
  const where = options === phone ? "on a phone" : "on a wide screen";
  test(`the screens of the fleet have no serious accessibility issue ${where} (${language}, ${theme})`, async (t) => {
    const server = await startServer(t);
    const amina = await claimOwner(server);
    const { id } = await addMachine(t, amina, { name: "heron-of-the-northern-marshes", labels: ["env=prod", "gpu"] });
    const run = (argv) =>
      amina.api.post("/commands", {
        selector: "gpu",
        operation: { kind: "exec", argv, root: "projects" },
        await_end_ms: 20_000,
      });
    const done = await run(["seq", "40"]);
    const denied = await run(["rm", "-rf", "a-long-name-without-any-blank-".repeat(8)]);
    await amina.api.patch("/me", { language, theme });
    const { page } = await openBrowser(t, server, { language, ...options });
    await signIn(page, amina, t9n);
    const found = [];
    for (const place of [
      "/machines",
      "/machines?add=true",
      "/machines?search=nothing-of-that-name",
      `/machines/${id}`,
      `/machines/${id}/commands`,
      `/machines/${id}/policy`,
      `/machines/${id}/certificates`,
      `/machines/${id}/activity`,
      "/machines/commands",
      `/machines/commands/${done.commands[0].id}`,
      `/machines/commands/${denied.commands[0].id}`,
      "/machines/run?labels=gpu",
      `/machines/runs/${done.id}`,
    ]) {
      await page.goto(place);
      for (const flaw of await flaws(page)) found.push({ place, ...flaw });
    }
    assert.deepEqual(found, []);
  });
}
