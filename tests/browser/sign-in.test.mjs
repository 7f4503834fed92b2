// Password, second factor, recovery code, and what happens when they are wrong.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { enterPassword, overview, signIn, signOut } from "./support/steps.mjs";
import { totp } from "./support/totp.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

/** Turns the second factor on in the profile; returns the app's secret and the recovery codes. */
async function turnOnSecondFactor(page) {
  await page.goto("/profile/security");
  await page.getByRole("button", { name: en("profile.totp.start") }).click();
  const setup = page.getByRole("dialog");
  await setup.getByText(en("profile.totp.by_hand")).click();
  const secret = (await setup.locator("code, [data-secret], .font-mono").first().innerText()).trim();
  await setup.getByLabel(en("step_up.totp"), { exact: true }).fill(totp(secret));
  await setup.getByRole("button", { name: en("profile.totp.confirm") }).click();
  const codes = page.getByRole("dialog", { name: en("profile.recovery.title") });
  await codes.waitFor();
  const recovery = await codes.getByRole("listitem").allInnerTexts();
  await codes.getByRole("button", { name: en("profile.recovery.kept") }).click();
  return { secret, recovery };
}

test("a password and a code from the app let a person in", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  const { secret, recovery } = await turnOnSecondFactor(page);
  assert.equal(recovery.length, 10);
  await signOut(page, amina);

  await enterPassword(page, amina);
  const code = page.getByLabel(en("step_up.totp"), { exact: true });
  await code.fill("000000");
  await page.getByRole("button", { name: en("sign_in.second.action") }).click();
  await page.getByRole("alert").first().waitFor();
  // The code of this half minute was used up when the app was set up.
  await code.fill(totp(secret, 1));
  await page.getByRole("button", { name: en("sign_in.second.action") }).click();
  await overview(page);
});

test("a recovery code lets a person in once", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  const { recovery } = await turnOnSecondFactor(page);

  const useRecoveryCode = async () => {
    await signOut(page, amina);
    await enterPassword(page, amina);
    await page.getByRole("button", { name: en("step_up.use_recovery_code") }).click();
    await page.getByLabel(en("step_up.recovery_code"), { exact: true }).fill(recovery[0]);
    await page.getByRole("button", { name: en("sign_in.second.action") }).click();
  };
  await useRecoveryCode();
  await overview(page);
  await useRecoveryCode();
  await page.getByRole("alert").first().waitFor();
});

test("a wrong password and an unknown address are answered alike", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await page.goto("/sign-in");
  const answers = [];
  for (const email of [amina.email, "nobody@example.com"]) {
    await enterPassword(page, { email, password: "not the password at all" });
    const answer = page.getByRole("alert").first();
    await answer.waitFor();
    answers.push(await answer.locator("p").first().innerText());
    await page.reload();
  }
  assert.equal(answers[0], answers[1]);
});

test("after signing in a person is where they wanted to go", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  await page.goto("/audit?outcome=ok");
  await enterPassword(page, amina);
  await page.getByRole("heading", { level: 1, name: en("places.audit") }).waitFor();
  assert.match(page.url(), /\/audit\?outcome=ok/);
});

test("a return address to another site is not followed", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { page } = await openBrowser(t, server);
  for (const elsewhere of ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]) {
    await page.goto(`/sign-in?return_to=${encodeURIComponent(elsewhere)}`);
    await enterPassword(page, amina);
    await overview(page);
    assert.equal(new URL(page.url()).origin, server.url);
    await signOut(page, amina);
  }
});
