// Names and texts that look like markup stay text, wherever they are shown.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Api, addPerson, claimOwner, PASSWORD, signInAsProgram } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";

after(closeBrowsers);

const hostile = [
  "<script>window.harmed=1</script>",
  "<img src=x onerror=window.harmed=1>",
  '"><svg onload=window.harmed=1>',
  "javascript:window.harmed=1",
  "{{constructor.constructor('window.harmed=1')()}}",
  "'; DROP TABLE users; --",
  "$t(common.product) {{name}}",
];

test("markup in names is shown as text and runs nowhere", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  for (const [at, name] of hostile.entries()) {
    await addPerson(server, amina, { name, email: `guest${at}@example.com`, role: "developer" });
  }
  const { page } = await openBrowser(t, server);
  await page.addInitScript(() => {
    window.alert = () => {
      window.harmed = 1;
    };
  });
  await signIn(page, amina);
  for (const place of ["/people", "/audit", "/people/invitations", "/"]) {
    await page.goto(place);
    await page.waitForLoadState("networkidle");
    assert.equal(await page.evaluate(() => window.harmed), undefined, place);
  }
  await page.goto("/people");
  for (const name of hostile) await page.getByText(name, { exact: true }).first().waitFor();
});

test("a person with a hostile name can still use everything", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server, { name: hostile[1] });
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto("/profile/general");
  await page.waitForLoadState("networkidle");
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  assert.ok(await signInAsProgram(server, amina.email, PASSWORD));
  await assert.rejects(new Api(server.url).get("/users"), /401/);
});
