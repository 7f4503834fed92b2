// axe on the screens of a vault that is full, and on what opens there: wide, and in the dark on a phone.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addPerson, claimOwner } from "./support/api.mjs";
import { flaws } from "./support/axe.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";
import { ar, en } from "./support/words.mjs";

after(closeBrowsers);

const NAME = "machines/gpu-1/agent-of-the-night-build";
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

async function fullVault(t) {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  await addPerson(server, amina, { name: "Basim", email: "basim@example.com" });
  const { id } = await amina.api.post("/secrets", { name: NAME, kind: "password", generate: {}, rotation_days: 1 });
  await amina.api.post("/secrets", { name: "git/key", kind: "ssh_key", generate: {}, description: "For the herons" });
  await amina.api.post(`/secrets/${id}/rotate`);
  const allow = { effect: "allow", subject_kind: "role", subject: "developer", secrets: "**", actions: ["read"] };
  await amina.api.post("/secret-policies", { ...allow, name: "developers", purposes: ["git.clone"] });
  return { server, amina, id };
}

/** What can be opened, each from a fresh page: where, by which buttons. */
const doors = (id) => [
  ["/secrets", []],
  ["/secrets", ["vault.new.action"]],
  ["/secrets", ["vault.import.action"]],
  ["/secrets/calendar", []],
  ["/secrets/policies", ["vault.policies.new"]],
  ["/secrets/vault", ["vault.master.rotate"]],
  ["/secrets/vault", ["vault.state_card.seal"]],
  [`/secrets/${id}`, []],
  [`/secrets/${id}`, ["vault.reveal.action"]],
  [`/secrets/${id}`, ["vault.new_value.action"]],
  [`/secrets/${id}`, ["vault.rotate.action"]],
];

for (const [language, theme, options] of [
  ["en", "light", {}],
  ["ar", "dark", phone],
]) {
  const t9n = { en, ar }[language];
  const where = options === phone ? "on a phone" : "on a wide screen";
  test(`a full vault has no serious accessibility issue ${where} (${language}, ${theme})`, async (t) => {
    const { server, amina, id } = await fullVault(t);
    await amina.api.patch("/me", { language, theme });
    const { page } = await openBrowser(t, server, { language, ...options });
    await signIn(page, amina, t9n);
    const found = [];
    const button = (key, values) => page.getByRole("button", { name: t9n(key, values), exact: true });
    const judge = async (place) => {
      for (const flaw of await flaws(page)) found.push({ place, ...flaw });
    };
    for (const [place, presses] of doors(id)) {
      await page.goto(place);
      for (const key of presses) await button(key).first().click();
      if (presses.length > 0) await page.getByRole("dialog").waitFor();
      await judge(`${place} ${presses}`);
    }

    await page.goto("/secrets");
    await button("vault.import.action").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox").first().fill("A=1\nB=\nA=2");
    await button("vault.import.look").click();
    await dialog.getByRole("table").waitFor();
    await judge("the preview of an import");

    await amina.api.post("/vault/seal");
    await page.goto("/");
    await page.getByText(t9n("overview.vault_sealed"), { exact: true }).waitFor();
    await judge("the overview of a sealed vault");
    await page.goto(`/secrets/${id}`);
    await page.getByText(t9n("vault.sealed.title"), { exact: true }).waitFor();
    await judge("a secret in a sealed vault");
    assert.deepEqual(found, []);
  });
}
