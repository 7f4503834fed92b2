// Webhooks of a secret: added with a key that is shown once, told of a rotation, tried and removed.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { atTheEnd } from "./support/ending.mjs";
import { startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

/** Listens as a webhook does and keeps what it was told. */
async function startReceiver(t) {
  const told = [];
  const receiver = { status: 204, told, url: "" };
  const server = createServer(async (request, response) => {
    const pieces = await request.toArray();
    told.push(JSON.parse(Buffer.concat(pieces)));
    response.writeHead(receiver.status).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  receiver.url = `http://127.0.0.1:${server.address().port}/told`;
  atTheEnd(t, async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return receiver;
}

test("a webhook is added, told of a rotation without the value, tried and removed", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const receiver = await startReceiver(t);
  const { id } = await amina.api.post("/secrets", { name: "git/token", kind: "password", generate: {} });
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto(`/secrets/${id}`);
  const section = page.locator("section", { has: page.getByRole("heading", { name: en("vault.hooks.title") }) });
  await section.getByText(en("vault.hooks.empty")).waitFor();
  await section.getByRole("button", { name: en("vault.hooks.add") }).click();
  const adding = page.getByRole("dialog", { name: en("vault.hooks.new_title") });
  await adding.getByLabel(en("vault.hooks.url"), { exact: true }).fill("http://example.com/told");
  await adding.getByRole("button", { name: en("vault.hooks.add") }).click();
  await adding.getByText(en("field.hook_url_unfit")).waitFor();
  await adding.getByLabel(en("vault.hooks.url"), { exact: true }).fill(receiver.url);
  await adding.getByRole("button", { name: en("vault.hooks.add") }).click();
  const shown = page.getByRole("dialog", { name: en("vault.hooks.key_title") });
  const key = await shown.locator("code").textContent();
  await shown.getByRole("button", { name: en("common.done") }).click();
  await section.getByText(receiver.url, { exact: true }).waitFor();
  assert.ok(!(await page.content()).includes(key), "the key is shown once");

  await page.getByRole("button", { name: en("vault.rotate.action"), exact: true }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: en("vault.rotate.action"), exact: true })
    .click();
  await section.getByText(en("vault.hooks.state_delivered"), { exact: true }).waitFor();
  await section.getByText("secret.rotated", { exact: true }).waitFor();
  const { value } = await amina.api.post(`/secrets/${id}/reveal`, { reason: "to compare" });
  assert.equal(receiver.told.length, 1);
  assert.ok(!JSON.stringify(receiver.told).includes(value));

  const choose = async (what) => {
    await section.getByRole("button", { name: en("vault.hooks.more", { url: `\u2066${receiver.url}\u2069` }) }).click();
    await page.getByRole("menuitem", { name: en(what), exact: true }).click();
  };
  await choose("vault.hooks.test");
  await page.getByText(en("vault.hooks.answered")).waitFor();
  assert.equal(receiver.told.length, 2);
  receiver.status = 500;
  await choose("vault.hooks.test");
  await page.getByText(en("vault.hooks.not_taken", { why: "" }).replace(/\W+$/, "")).waitFor();

  await choose("vault.hooks.remove");
  await page
    .getByRole("dialog")
    .getByRole("button", { name: en("vault.hooks.remove"), exact: true })
    .click();
  await section.getByText(en("vault.hooks.empty")).waitFor();
  assert.deepEqual((await amina.api.get(`/secrets/${id}/hooks`)).items, []);
});
