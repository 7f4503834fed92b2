// Takes the pictures of the documents: node tests/browser/pictures.mjs. Not a test.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { addPerson, claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";
import { ar, en } from "./support/words.mjs";

const folder = process.argv[2] ?? fileURLToPath(new URL("../../docs/images/", import.meta.url));
mkdirSync(folder, { recursive: true });
const endings = [];
const run = { after: (end) => endings.push(end) };
const viewport = { width: 1440, height: 900 };

const server = await startServer(run, { settings: { DIWAN_LOG_LEVEL: "error" } });
const amina = await claimOwner(server, { name: "Amina Haddad", email: "amina@diwan.example" });
for (const [name, role] of [
  ["Basim Nasser", "admin"],
  ["Chloé Martin", "developer"],
  ["Dana Weiss", "viewer"],
]) {
  await addPerson(server, amina, { name, role, email: `${name.split(" ")[0].toLowerCase()}@diwan.example` });
}
await amina.api.post("/invitations", { email: "emre@diwan.example", role: "developer" });

async function take(page, path, name) {
  await page.goto(path);
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: `${folder}/${name}.png` });
}

const { page } = await openBrowser(run, server, { viewport });
await take(page, "/sign-in", "sign-in");
await signIn(page, amina);
await take(page, "/", "overview");
if (process.argv[2]) {
  for (const place of [
    "people",
    "people/invitations",
    "audit",
    "settings",
    "profile/general",
    "profile/security",
    "docs",
  ]) {
    await take(page, `/${place}`, place.replace("/", "-"));
  }
  for (const theme of ["dark", "brand"]) {
    await amina.api.patch("/me", { theme });
    await take(page, "/", `overview-${theme}`);
  }
  await amina.api.patch("/me", { language: "ar", theme: "light" });
  const arabic = await openBrowser(run, server, { viewport, language: "ar" });
  await signIn(arabic.page, amina, ar);
  for (const place of ["", "people", "audit", "profile/security"])
    await take(arabic.page, `/${place}`, `ar-${place.replace("/", "-") || "overview"}`);
  const phone = await openBrowser(run, server, { viewport: { width: 390, height: 844 }, language: "en" });
  await amina.api.patch("/me", { language: "en" });
  await signIn(phone.page, amina, en);
  for (const place of ["", "audit"]) await take(phone.page, `/${place}`, `phone-${place || "overview"}`);
}
for (const end of endings.reverse()) await end();
await closeBrowsers();
