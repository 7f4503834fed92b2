// Passkeys, with the authenticator that Chromium simulates.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { overview, signIn, signOut } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

async function withAuthenticator(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
  return { devtools, authenticatorId };
}

async function addPasskey(page, name) {
  await page.goto("/profile/security");
  await page.getByRole("button", { name: en("profile.passkeys.add") }).click();
  const naming = page.getByRole("dialog", { name: en("profile.passkeys.name_title") });
  await naming.getByLabel(en("profile.passkeys.name"), { exact: true }).fill(name);
  await naming.getByRole("button", { name: en("common.save") }).click();
  await naming.waitFor({ state: "detached" });
  await page.getByText(name).first().waitFor();
}

test("a passkey lets a person in without a password", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await withAuthenticator(page);
  await signIn(page, amina);
  await addPasskey(page, "Work laptop");
  await signOut(page, amina);

  await page.getByRole("button", { name: en("sign_in.with_passkey") }).click();
  await overview(page);
  const { items } = await amina.api.get("/me/passkeys");
  assert.equal(items[0].name, "Work laptop");
  assert.ok(items[0].last_used_at, "its use is remembered");
});

test("a passkey that was removed opens nothing", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await withAuthenticator(page);
  await signIn(page, amina);
  await addPasskey(page, "Old phone");
  await page.getByRole("button", { name: en("profile.passkeys.remove", { name: "Old phone" }) }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: en("common.remove") })
    .click();
  await page.getByText(en("profile.passkeys.empty")).waitFor();
  await signOut(page, amina);

  await page.getByRole("button", { name: en("sign_in.with_passkey") }).click();
  await page.getByRole("alert").first().waitFor();
  assert.match(page.url(), /\/sign-in/);
});
