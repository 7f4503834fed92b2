// axe on every page, in both languages, in every theme and at the width of a phone.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addPerson, claimOwner } from "./support/api.mjs";
import { serious } from "./support/axe.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";
import { ar, en } from "./support/words.mjs";

after(closeBrowsers);

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
  for (const issue of await serious(page)) found.push({ label, place: "/docs, open", ...issue });
  await page.getByRole("searchbox").fill("nothing like this");
  await page.getByText(t("docs.nothing"), { exact: true }).waitFor();
  for (const issue of await serious(page)) found.push({ label, place: "/docs, nothing found", ...issue });
}

/** The forms of the settings with something wrong in them, and what leads to saving. */
async function walkSettings(page, t, found, label) {
  await page.goto("about:blank");
  await page.goto("/settings?section=oidc");
  await page.getByRole("button", { name: t("settings.add_entry") }).click();
  await page.getByText(t("settings.flaw.required")).first().waitFor();
  for (const issue of await serious(page)) found.push({ label, place: "a form of the settings", ...issue });
  await page.getByRole("button", { name: t("settings.discard") }).click();
  await page.goto("/settings?section=identity");
  await page.locator("input[inputmode=numeric]").first().fill("30");
  await page.getByRole("button", { name: t("settings.review") }).click();
  await page.getByRole("dialog").getByText("identity.session_idle_minutes").waitFor();
  for (const issue of await serious(page)) found.push({ label, place: "the review of settings", ...issue });
  await page.getByRole("button", { name: t("common.cancel") }).click();
  await page.getByRole("button", { name: t("settings.discard") }).click();
}

async function walk(page, places, found, label) {
  for (const place of places) {
    await page.goto("about:blank");
    await page.goto(place);
    for (const issue of await serious(page)) found.push({ label, place, ...issue });
  }
}

/** What the page does when a visitor chooses a theme. */
function chooseTheme(theme) {
  if (location.protocol.startsWith("http")) localStorage.setItem("diwan.theme", theme);
}

async function house(t) {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  await addPerson(server, amina, { name: "Basim", email: "basim@example.com" });
  await amina.api.post("/invitations", { email: "guest@example.com", role: "viewer" });
  return { server, amina };
}

for (const language of ["en", "ar"]) {
  const t9n = { en, ar }[language];
  for (const theme of ["light", "dark", "brand"]) {
    test(`no page has a serious accessibility issue (${language}, ${theme})`, async (t) => {
      const { server, amina } = await house(t);
      const found = [];
      const guest = await openBrowser(t, server, { language });
      await guest.context.addInitScript(chooseTheme, theme);
      await walk(guest.page, outside, found, "signed out");
      await walkReference(guest.page, t9n, found, "signed out");
      await amina.api.patch("/me", { language, theme });
      await signIn(guest.page, amina, t9n);
      await walk(guest.page, inside, found, "signed in");
      await walkSettings(guest.page, t9n, found, "signed in");
      await walkReference(guest.page, t9n, found, "signed in");
      assert.deepEqual(found, []);
    });
  }

  test(`no page has a serious accessibility issue or scrolls sideways on a phone (${language})`, async (t) => {
    const { server, amina } = await house(t);
    await amina.api.patch("/me", { language });
    const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
    const { page } = await openBrowser(t, server, { language, ...phone });
    await signIn(page, amina, t9n);
    const found = [];
    await walk(page, inside, found, "phone");
    await walkSettings(page, t9n, found, "phone");
    await walkReference(page, t9n, found, "phone");
    assert.deepEqual(found, []);
    for (const place of [...inside, ...reference]) {
      await page.goto(place);
      await page.waitForLoadState("networkidle");
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wider <= 0, `${place} is ${wider} px wider than the phone`);
    }
  });
}
