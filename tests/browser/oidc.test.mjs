// Signing in through an OpenID Connect provider: a real one, which the test runs.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { CLIENT, startProvider } from "./support/oidc-provider.mjs";
import { freePort, startServer } from "./support/server.mjs";
import { overview, signIn, signOut } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

const LABEL = "Company account";

/** A server and a provider that know each other. */
async function house(t) {
  const [port, providerPort] = [await freePort(), await freePort()];
  const redirectUri = `http://localhost:${port}/api/v1/auth/oidc/company/callback`;
  const { issuer } = await startProvider(t, { port: providerPort, redirectUri });
  const provider = { id: "company", label: LABEL, issuer, ...CLIENT };
  // JSON is YAML too.
  const server = await startServer(t, { port, config: JSON.stringify({ oidc: { providers: [provider] } }) });
  return { server, issuer, amina: await claimOwner(server) };
}

/** Signs in at the provider as anybody, and agrees to what it asks. */
async function passProvider(page, login) {
  await page.getByPlaceholder("Enter any login").fill(login);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}

async function link(page, login) {
  await page.goto("/profile/security");
  await page.getByRole("button", { name: en("profile.linked.link", { provider: LABEL }) }).click();
  await passProvider(page, login);
  await page.getByText(`${login}@example.com`).first().waitFor();
}

const throughProvider = (page) => page.getByRole("link", { name: en("sign_in.with_provider", { provider: LABEL }) });

test("a linked account at a provider lets a person in", async (t) => {
  const { server, amina } = await house(t);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await link(page, "amina.at.work");
  await signOut(page, amina);

  await page.goto("/sign-in?return_to=%2Faudit");
  await throughProvider(page).click();
  // The provider still knows who is there, and may send them straight back.
  await page.getByRole("heading", { level: 1, name: en("places.audit") }).waitFor();
  const { items } = await amina.api.get("/audit?search=oidc");
  assert.ok(items.length > 0, "it is in the audit log");
});

test("an account with the same address that was not linked lets nobody in", async (t) => {
  const { server } = await house(t);
  const { page } = await openBrowser(t, server);
  await page.goto("/sign-in");
  await throughProvider(page).click();
  await passProvider(page, "amina");
  await page.getByRole("alert").first().waitFor();
  assert.match(page.url(), /\/sign-in\?error=/);
  assert.equal((await page.request.get("/api/v1/me")).status(), 401);
});

test("whoever turns back at the provider is told so", async (t) => {
  const { server } = await house(t);
  const { page } = await openBrowser(t, server);
  await page.goto("/sign-in");
  await throughProvider(page).click();
  await page.getByRole("link", { name: /cancel/i }).click();
  await page.getByRole("alert").first().waitFor();
  assert.match(page.url(), /\/sign-in\?error=/);
});

test("an answer is taken once and only in the browser that asked", async (t) => {
  const { server } = await house(t);
  const { page } = await openBrowser(t, server);
  const callbacks = [];
  page.on("request", (request) => request.url().includes("/callback?") && callbacks.push(request.url()));
  await page.goto("/sign-in");
  await throughProvider(page).click();
  await passProvider(page, "amina");
  await page.getByRole("alert").first().waitFor();

  const elsewhere = await openBrowser(t, server);
  for (const { page: other } of [{ page }, elsewhere]) {
    await other.goto(callbacks[0]);
    await other.getByRole("alert").first().waitFor();
    assert.match(other.url(), /\/sign-in\?error=oidc_expired/);
  }
});
