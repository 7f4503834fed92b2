// Takes the pictures of the documents: node tests/browser/pictures.mjs [folder]. Not a test.
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

const server = await startServer(run, { settings: { DIWAN_LOG_LEVEL: "error" } });
const amina = await claimOwner(server, { name: "Amina Haddad", email: "amina@diwan.example" });
const people = [];
for (const [name, role, email] of [
  ["Basim Nasser", "admin", "basim"],
  ["Chloé Martin", "developer", "chloe"],
  ["Dana Weiss", "viewer", "dana"],
  ["ليلى منصور", "admin", "layla"],
]) {
  people.push(await addPerson(server, amina, { name, role, email: `${email}@diwan.example` }));
}
await amina.api.post("/invitations", { email: "emre@diwan.example", role: "developer" });
const layla = people.at(-1);
await layla.api.patch("/me", { language: "ar", theme: "dark" });

const bring = (secret) => amina.api.post("/secrets", secret);
const token = await bring({
  name: "git/github-token",
  kind: "api_key",
  value: "only-for-a-picture",
  description: "Clones and pushes for the build machines",
  provider: "GitHub",
  expires_at: new Date(Date.now() + 10 * 86_400_000).toISOString(),
});
const made = (name, kind, rotation_days, description) =>
  bring({ name, kind, generate: {}, rotation_days, description });
const database = await made("db/postgres/diwan", "password", 30, "The application's own role");
await made("db/postgres/replica", "password", 90, "Streams to the second site");
await made("git/deploy-key", "ssh_key", 30, "Read-only key of the monorepo");
await made("llm/openai", "api_key", 7, "");
await made("machines/gpu-1/agent", "api_key", 45, "");
await made("people/2fa/root-aws", "totp", 90, "الرمز المؤقت للحساب الجذر");
const allow = { effect: "allow", subject_kind: "role", subject: "developer", secrets: "git/*", actions: ["read"] };
await amina.api.post("/secret-policies", { ...allow, name: "Developers read git keys" });
for (const reason of ["setting up the new build machine", "checking the scopes of the token"]) {
  await amina.api.post(`/secrets/${token.id}/reveal`, { reason });
}
const [basim, chloe] = people;
await chloe.api.post(`/secrets/${token.id}/reveal`, { reason: "pushing the release" });
// No policy lets an admin read; the log has an entry of it.
await basim.api.post(`/secrets/${database.id}/reveal`, { reason: "looking around" }).catch(() => {});

/** Everything here was done within a second. In the pictures a day lies between the entries, as it would in a life. */
async function spreadOverTheDay(page) {
  await page.route(/\/api\/v1\/audit(\?|$)/, async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    const items = answer.items.map((entry, at) => {
      const minutes = 3 + at * 29 + (at % 3) * 13;
      return { ...entry, at: new Date(Date.now() - minutes * 60_000).toISOString() };
    });
    await route.fulfill({ response, json: { ...answer, items } });
  });
}

async function open(person, t, options = {}) {
  const { page } = await openBrowser(run, server, options);
  await page.addInitScript(() => localStorage.setItem("diwan.setup-hidden", "yes"));
  if (person) await signIn(page, person, t);
  return page;
}

async function take(page, path, name) {
  await page.goto(path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: `${folder}/${name}.png` });
}

const hers = await open(amina, en);
await take(hers, "/secrets", "secrets");
await take(hers, `/secrets/${token.id}`, "secret");
await spreadOverTheDay(hers);
await take(hers, "/", "overview");
await take(hers, "/audit", "audit");
const laylas = await open(layla, ar, { language: "ar" });
await spreadOverTheDay(laylas);
await take(laylas, "/", "overview-ar");
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
await take(await open(null, en, phone), "/sign-in", "sign-in-phone");

for (const end of endings.reverse()) await end();
await closeBrowsers();
