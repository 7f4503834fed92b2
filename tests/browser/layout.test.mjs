// Nothing outgrows its place, however long a name is and however wide the window.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addPerson, claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";
import { ar, en } from "./support/words.mjs";

after(closeBrowsers);

const LONG = "Maximiliana Alexandra von Hohenzollern-Sigmaringen zu Württemberg und Teck";
const ADDRESS = "maximiliana.alexandra.von.hohenzollern@department.subsidiary.example.com";
const widths = [360, 390, 820, 1024, 1280, 1440];
const places = [
  "/",
  "/people",
  "/people/invitations",
  "/jobs",
  "/jobs/new",
  "/jobs/dead-letters",
  "/jobs/statistics",
  "/jobs/schedules",
  "/jobs/schedules/new",
  "/secrets",
  "/secrets/policies",
  "/secrets/vault",
  "/audit",
  "/audit?view=integrity",
  "/settings",
  "/settings?section=mail",
  "/settings?section=oidc",
  "/settings?section=vault",
  "/settings/history",
  "/profile/security",
];

/** What is wider than the box that cuts it off, by its text. */
function cutOff() {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push("the page");
  for (const box of document.querySelectorAll("main table, main :not(nav) > ul, main dl, main search > div")) {
    const excess = box.scrollWidth - box.parentElement.clientWidth;
    if (excess > 1) found.push(`${excess} px of ${box.textContent.slice(0, 60)}`);
  }
  return found;
}

/** What a finger should hit and is lower than 40 px. Links inside of sentences are as high as their line. */
function hardToHit() {
  const small = [];
  for (const control of document.querySelectorAll("main button, main select, header button, nav a, main input")) {
    const box = control.getBoundingClientRect();
    const stretched = getComputedStyle(control, "::after").position === "absolute";
    const shown = box.width > 1 && !["checkbox", "radio", "file"].includes(control.type) && !stretched;
    if (shown && box.height < 40)
      small.push(`${control.textContent || control.ariaLabel || control.type} ${box.height}`);
  }
  return small;
}

for (const [language, t9n] of [
  ["en", en],
  ["ar", ar],
]) {
  test(`long names fit at every width, and fingers hit everything (${language})`, async (t) => {
    const server = await startServer(t);
    const amina = await claimOwner(server, { name: LONG, language });
    await addPerson(server, amina, { name: `${LONG} II`, email: ADDRESS });
    await amina.api.post("/invitations", { email: `guest.${ADDRESS}`, role: "viewer" });
    const { page } = await openBrowser(t, server, { language, hasTouch: true, isMobile: true });
    await signIn(page, amina, t9n);
    const wrong = [];
    for (const place of places) {
      await page.goto(place);
      await page.waitForLoadState("networkidle");
      for (const width of widths) {
        await page.setViewportSize({ width, height: 800 });
        for (const one of await page.evaluate(cutOff)) wrong.push(`${place} at ${width}: ${one}`);
        if (width > 400) continue;
        for (const one of await page.evaluate(hardToHit)) wrong.push(`${place} at ${width}: too low: ${one}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
}
