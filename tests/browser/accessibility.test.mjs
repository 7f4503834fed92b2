// axe on every page, in both languages, in every theme, wide and at the width of a phone.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addPerson, claimOwner } from "./support/api.mjs";
import { flaws } from "./support/axe.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";
import { ar, en } from "./support/words.mjs";

after(closeBrowsers);

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

/** The reference with operations open that hold everything it can show: a tree, choices, a file, a live feed. */
const reference = [
  "/docs",
  "/docs#authentication",
  "/docs#problems",
  "/docs#live-feed",
  "/docs#list_audit_entries",
  "/docs#sign_in_with_password",
  "/docs#update_user",
  "/docs#put_avatar",
  "/docs#open_live",
];

const outside = [
  "/sign-in",
  "/sign-in/link#token=x",
  "/welcome#token=x",
  "/welcome",
  "/join#token=x",
  "/join",
  "/rescue#token=x",
  "/rescue",
  "/docs",
];
const inside = [
  "/",
  "/docs",
  "/people",
  "/people/invitations",
  "/jobs",
  "/jobs/new",
  "/jobs/dead-letters",
  "/jobs/statistics",
  "/jobs/schedules",
  "/jobs/schedules/new",
  "/secrets",
  "/secrets/calendar",
  "/secrets/policies",
  "/secrets/leases",
  "/secrets/vault",
  "/profile/general",
  "/profile/security",
  "/profile/sessions",
  "/profile/tokens",
  "/audit",
  "/settings",
  "/settings?section=identity",
  "/settings?section=mail",
  "/settings?section=vault",
  "/settings?changed=true",
  "/settings/history",
  "/settings/outbox",
  "/device",
  "/there-is-nothing-here",
];

/** Everything of the reference in one page: each address opens one more part, and what was open stays open. */
async function walkReference(page, t, found, label) {
  await page.goto("about:blank");
  for (const place of reference) {
    await page.goto(place);
    const [, id] = place.split("#");
    if (id) await page.locator(`#${id}-content > *`).first().waitFor();
  }
  // Trees within trees, and what comes back from trying.
  await page
    .locator("#update_user-content, #sign_in_with_password-content")
    .locator("button[aria-expanded=false]")
    .first()
    .click();
  if (label !== "signed out") {
    const operation = page.locator("#list_audit_entries");
    await operation.getByRole("button", { name: t("docs.try.send"), exact: true }).click();
    await operation.getByText("200 OK").waitFor();
  }
  for (const flaw of await flaws(page)) found.push({ label, place: "/docs, open", ...flaw });
  await page.getByRole("searchbox").fill("nothing like this");
  await page.getByText(t("docs.nothing"), { exact: true }).waitFor();
  for (const flaw of await flaws(page)) found.push({ label, place: "/docs, nothing found", ...flaw });
}

/** The forms of the settings with something wrong in them, and what leads to saving. */
async function walkSettings(page, t, found, label) {
  await page.goto("about:blank");
  await page.goto("/settings?section=oidc");
  await page.getByRole("button", { name: t("settings.add_entry") }).click();
  await page.getByText(t("settings.flaw.required")).first().waitFor();
  for (const flaw of await flaws(page)) found.push({ label, place: "a form of the settings", ...flaw });
  await page.getByRole("button", { name: t("settings.discard") }).click();
  await page.goto("/settings?section=identity");
  await page.locator("input[inputmode=numeric]").first().fill("30");
  await page.getByRole("button", { name: t("settings.review") }).click();
  await page.getByRole("dialog").getByText("identity.session_idle_minutes").waitFor();
  for (const flaw of await flaws(page)) found.push({ label, place: "the review of settings", ...flaw });
  await page.getByRole("button", { name: t("common.cancel") }).click();
  await page.getByRole("button", { name: t("settings.discard") }).click();
}

async function walk(page, places, found, label) {
  for (const place of places) {
    await page.goto("about:blank");
    await page.goto(place);
    for (const flaw of await flaws(page)) found.push({ label, place, ...flaw });
  }
}

async function house(t) {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  await addPerson(server, amina, { name: "Basim", email: "basim@example.com" });
  await amina.api.post("/invitations", { email: "guest@example.com", role: "viewer" });
  return { server, amina };
}

/** What the page does when a visitor chooses a theme. */
function chooseTheme(theme) {
  if (location.protocol.startsWith("http")) localStorage.setItem("diwan.theme", theme);
}

for (const [language, theme, options] of [
  ["en", "light", {}],
  ["ar", "dark", {}],
  ["en", "dark", phone],
  ["ar", "brand", phone],
]) {
  const t9n = { en, ar }[language];
  const where = options === phone ? "on a phone" : "on a wide screen";
  test(`no page has a serious accessibility issue or scrolls sideways ${where} (${language}, ${theme})`, async (t) => {
    const { server, amina } = await house(t);
    await amina.api.patch("/me", { language, theme });
    const { context, page } = await openBrowser(t, server, { language, ...options });
    await context.addInitScript(chooseTheme, theme);
    const found = [];
    await walk(page, outside, found, "signed out");
    await walkReference(page, t9n, found, "signed out");
    await signIn(page, amina, t9n);
    await walk(page, inside, found, "signed in");
    await walkSettings(page, t9n, found, "signed in");
    await walkReference(page, t9n, found, "signed in");
    assert.deepEqual(found, []);
  });
}
