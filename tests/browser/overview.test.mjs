// The overview: what is left to do, what happened, and where each of it leads.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addPerson, claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { gone, overview, signIn } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

const progress = (page, done, of) => page.getByText(en("overview.start.progress", { done, of })).waitFor();

test("a new owner is led through the first steps, and what is done is ticked off", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await progress(page, 0, 5);

  await page.getByRole("button", { name: en("overview.start.backup") }).click();
  const plan = page.getByRole("dialog", { name: en("overview.backup.title") });
  await plan.getByText("diwan database backup").waitFor();
  await plan.getByRole("button", { name: en("overview.backup.done") }).click();
  await progress(page, 1, 5);

  await addPerson(server, amina, { name: "Basim", email: "basim@example.com" });
  await page.reload();
  await progress(page, 2, 5);

  await page.getByRole("link", { name: en("overview.start.mail") }).click();
  await page.getByRole("searchbox", { name: en("settings.search") }).waitFor();
  assert.match(page.url(), /\/settings\?search=mail/);

  await page.goto("/");
  await page.getByRole("button", { name: en("overview.start.hide") }).click();
  await page.reload();
  await overview(page);
  await page.getByRole("heading", { name: en("overview.activity.title"), exact: true }).waitFor();
  await gone(page.getByText(en("overview.start.title"), { exact: true }));
});

test("the chart counts what the audit log holds, and names lead to the entries behind them", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  for (const theme of ["dark", "brand", "light"]) await amina.api.patch("/me", { theme });
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  const { items } = await amina.api.get("/audit?limit=200");
  const done = items.filter(({ outcome }) => outcome === "ok").length;
  const picture = en("overview.activity.picture_day", { done, not_done: items.length - done });
  await page.getByRole("img", { name: picture }).waitFor();

  await page.getByRole("radio", { name: en("overview.activity.week") }).check({ force: true });
  const week = en("overview.activity.picture_week", { done, not_done: items.length - done });
  await page.getByRole("img", { name: week }).waitFor();

  const most = page.locator("section", { has: page.getByText(en("overview.activity.most_active")) });
  await most.getByRole("link", { name: amina.name }).click();
  await page.getByRole("heading", { level: 1, name: en("places.audit") }).waitFor();
  assert.match(page.url(), /\/audit\?actor=usr_/);
});

test("an entry of the recent activity opens, and Escape leads back to it", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  const line = page.getByRole("button", { name: "Installation claimed" });
  await line.click();
  await page.getByRole("dialog", { name: "Installation claimed" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.waitForFunction(() => document.activeElement?.textContent === "Installation claimed");
});

test("whoever may not read the log sees neither it nor what belongs to it", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const dana = await addPerson(server, amina, { name: "Dana", email: "dana@example.com", role: "viewer" });
  const { page } = await openBrowser(t, server);
  const refused = [];
  page.on("response", (answer) => answer.status() === 403 && refused.push(answer.url()));
  await signIn(page, dana);
  await page.getByText(en("overview.glance.own")).waitFor();
  await page.waitForLoadState("networkidle");
  assert.equal(await page.getByRole("heading", { name: en("overview.activity.title"), exact: true }).count(), 0);
  assert.deepEqual(refused, []);
});

test("every page has a title of its own, and an address that leads nowhere keeps the way back", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  const places = ["/", "/people", "/people/invitations", "/audit", "/audit?view=suspicious", "/audit?view=integrity"];
  places.push("/settings", "/settings/outbox", "/there-is-nothing-here");
  places.push(...["general", "security", "sessions", "tokens"].map((name) => `/profile/${name}`));
  const titles = new Map();
  for (const place of places) {
    await page.goto(place);
    await page.getByRole("heading", { level: 1 }).waitFor();
    const title = await page.title();
    assert.equal(titles.get(title), undefined, `${place} and ${titles.get(title)} are both called "${title}"`);
    titles.set(title, place);
  }
  await page.goto("/there-is-nothing-here");
  await page.getByRole("navigation", { name: en("shell.main_navigation") }).waitFor();
});
