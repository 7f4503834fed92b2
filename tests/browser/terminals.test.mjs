// Terminals: opened in the browser, typed into, still there after the page is loaded anew, looked at by others, and
// played again. Real shells on a real bridge.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addPerson, claimOwner } from "./support/api.mjs";
import { flaws } from "./support/axe.mjs";
import { addMachine } from "./support/bridge.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";
import { ar, en } from "./support/words.mjs";

after(closeBrowsers);

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const keyboard = (page) => page.getByRole("textbox", { name: en("terminals.screen") });
const row = (page, text) => page.locator(".xterm-rows > div").filter({ hasText: text }).first();
const press = (page, key) => page.getByRole("button", { name: en(key), exact: true }).click();
const connected = (page, t = en) => page.getByText(t("terminals.state_open"), { exact: true }).waitFor();

/** A machine whose owner allows terminals without asking anybody. */
async function arrange(t) {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { id } = await addMachine(t, amina, { name: "heron", policy: "own_machine" });
  return { server, amina, id };
}

async function openTerminal(page, id, { record = false } = {}) {
  await page.goto(`/machines/${id}/terminal`);
  if (record) await page.getByLabel(en("terminals.new.record")).check();
  await page.getByText(en("commands.verdict.allow"), { exact: true }).waitFor();
  await press(page, "terminals.new.action");
  await connected(page);
}

/** The answer differs from what is typed, so that an echo alone does not pass for it. */
async function say(page, word) {
  await keyboard(page).focus();
  await page.keyboard.type(`echo $((6*7))-${word}\n`);
  await row(page, `42-${word}`).waitFor();
}

test("a terminal is typed into, fits its window, and is still there when the page is loaded anew", async (t) => {
  const { server, amina, id } = await arrange(t);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await openTerminal(page, id);
  await say(page, "herons");
  await page.keyboard.type("printf '\\033[38;2;1;2;250m%s-colour\\033[0m\\n' true; stty size\n");
  await row(page, "true-colour").waitFor();
  const { items } = await amina.api.get(`/commands?machine=${id}`);
  const { columns, rows } = items[0].terminal;
  assert.ok(columns > 80 && rows > 10, `${columns} by ${rows}`);
  await row(page, `${rows} ${columns}`).waitFor();

  await page.reload();
  await connected(page);
  await row(page, "42-herons").waitFor();
  await say(page, "storks");
  await keyboard(page).focus();
  await page.keyboard.press("Control+Shift+E");
  const first = page.getByRole("button", { name: en("terminals.larger"), exact: true });
  assert.ok(await first.evaluate((button) => button === document.activeElement));

  await keyboard(page).focus();
  await page.keyboard.type("exit\n");
  await page.getByText(en("terminals.over.title"), { exact: true }).waitFor();
  await page.reload();
  await page.getByText(en("terminals.over.unrecorded"), { exact: true }).waitFor();
});

test("what is typed without a connection is refused, and it comes back by itself", async (t) => {
  const { server, amina, id } = await arrange(t);
  const { page, context } = await openBrowser(t, server);
  await signIn(page, amina);
  await openTerminal(page, id);
  await say(page, "herons");
  await context.setOffline(true);
  await page.getByText(en("terminals.state_lost"), { exact: true }).waitFor();
  await page.keyboard.type("touch lost\n");
  await page.getByText(en("terminals.in_vain"), { exact: true }).waitFor();
  await context.setOffline(false);
  await connected(page);
  await say(page, "storks");
  await page.keyboard.type("ls | wc -l | sed s/$/-files/\n");
  await row(page, "0-files").waitFor();
});

test("others look on by a link and cannot type, and whoever opened it sees them", async (t) => {
  const { server, amina, id } = await arrange(t);
  const basim = await addPerson(server, amina, { name: "Basim", email: "basim@example.com", role: "admin" });
  const dana = await addPerson(server, amina, { name: "Dana", email: "dana@example.com" });
  const hers = await openBrowser(t, server);
  await signIn(hers.page, amina);
  await openTerminal(hers.page, id);
  await say(hers.page, "herons");
  const link = `${hers.page.url()}&view=true`;

  const his = await openBrowser(t, server);
  await signIn(his.page, basim);
  await his.page.goto(link);
  await row(his.page, "42-herons").waitFor();
  await his.page.getByText(/Amina/).and(his.page.getByRole("status").locator("span")).first().waitFor();
  await hers.page.getByText(/Basim/).first().waitFor();
  await keyboard(his.page).focus();
  await his.page.keyboard.type("echo his\n");
  await say(hers.page, "storks");
  await row(his.page, "42-storks").waitFor();
  assert.equal(await row(his.page, "echo his").count(), 0);

  const others = await openBrowser(t, server);
  await signIn(others.page, dana);
  await others.page.goto(link);
  await others.page.getByText(en("state.no_permission.title"), { exact: true }).waitFor();

  await press(his.page, "terminals.end.action");
  await his.page
    .getByRole("dialog")
    .getByRole("button", { name: en("terminals.end.action") })
    .click();
  await hers.page.getByText(en("terminals.over.title"), { exact: true }).waitFor();
});

test("a recorded terminal is played again", async (t) => {
  const { server, amina, id } = await arrange(t);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await openTerminal(page, id, { record: true });
  await page.getByText(en("terminals.recorded"), { exact: true }).waitFor();
  await say(page, "herons");
  await page.keyboard.type("exit\n");
  await page.getByText(en("terminals.over.title"), { exact: true }).waitFor();
  await page.reload();
  await press(page, "terminals.replay.action");
  await row(page, "42-herons").waitFor();
  await page.getByRole("slider", { name: en("terminals.replay.position") }).fill("0");
  await row(page, "42-herons").waitFor({ state: "detached" });
});

test("a policy that asks is asked, and one that denies says so before anything is opened", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const asks = await addMachine(t, amina, { name: "heron", policy: "standard" });
  const denies = await addMachine(t, amina, { name: "stork", policy: "strict" });
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto(`/machines/${asks.id}/terminal`);
  await page.getByText(en("commands.verdict.ask"), { exact: true }).waitFor();
  await press(page, "terminals.new.ask");
  await page.getByText(en("commands.approval.own"), { exact: true }).waitFor();
  await page.goto(`/machines/${denies.id}/terminal`);
  await page.getByText(en("commands.verdict.deny"), { exact: true }).waitFor();
  assert.ok(await page.getByRole("button", { name: en("terminals.new.action"), exact: true }).isDisabled());
});

for (const [language, theme, options] of [
  ["en", "light", {}],
  ["ar", "dark", {}],
  ["ar", "brand", phone],
]) {
  const words = { en, ar }[language];
  const where = options === phone ? "on a phone" : "on a wide screen";
  test(`terminals have no serious accessibility issue ${where} (${language}, ${theme})`, async (t) => {
    const { server, amina, id } = await arrange(t);
    await amina.api.patch("/me", { language, theme });
    const { page } = await openBrowser(t, server, { language, ...options });
    await signIn(page, amina, words);
    const found = [];
    const look = async (place) => {
      for (const flaw of await flaws(page)) found.push({ place, ...flaw });
    };
    await page.goto(`/machines/${id}/terminal`);
    await page.getByText(words("commands.verdict.allow"), { exact: true }).waitFor();
    await look("new");
    await page.getByRole("button", { name: words("terminals.new.action"), exact: true }).click();
    await connected(page, words);
    await page.getByRole("textbox", { name: words("terminals.screen") }).focus();
    await page.keyboard.type('printf "\\033[3%dm%d \\033[9%dm%d\\033[0m " 1 1 1 1 2 2 2 2 4 4 4 4; echo مرحبا بكم\n');
    await row(page, "1 1 2 2").waitFor();
    await look("open");
    const aloud = page.getByRole("button", { name: words("terminals.read_aloud"), exact: true });
    await aloud.focus();
    await page.keyboard.press("Enter");
    await page.locator(".xterm-accessibility").getByText("1 1 2 2").first().waitFor();
    await look("read aloud");
    assert.deepEqual(found, []);
  });
}
