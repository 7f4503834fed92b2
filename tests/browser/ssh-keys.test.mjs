// SSH keys of the vault on a machine: wanted in the browser, told what its policy says, and taken away. How one opens the
// door of a real sshd is in tests/network.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addPerson, claimOwner } from "./support/api.mjs";
import { serious } from "./support/axe.mjs";
import { addMachine } from "./support/bridge.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

const words = (key, values) => en(`machines.ssh_keys.${key}`, values);

test("a key is wanted, its way is told with the lines that are missing in the policy, and it goes again", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const heron = await addMachine(t, amina, { name: "heron" });
  await amina.api.post("/secrets", { name: "ssh/deploy", kind: "ssh_key", generate: {} });
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto(`/machines/${heron.id}`);
  await page.getByRole("link", { name: en("machines.one.tabs.ssh-keys"), exact: true }).click();
  await page.getByText(words("empty_title")).waitFor();
  await page.getByRole("button", { name: words("add"), exact: true }).click();

  const dialog = page.getByRole("dialog", { name: words("add") });
  await dialog.locator("[name=secret]").selectOption({ label: "ssh/deploy" });
  await dialog.locator("[name=port]").fill("70000");
  await dialog.getByRole("button", { name: words("add"), exact: true }).click();
  await dialog.getByText(en("form.required")).waitFor();
  await dialog.locator("[name=user]").fill("-oProxyCommand=id");
  await dialog.locator("[name=port]").fill("2222");
  await dialog.getByRole("button", { name: words("add"), exact: true }).click();
  await dialog.getByText(en("field.user_invalid")).waitFor();
  assert.deepEqual(await serious(page), []);
  await dialog.locator("[name=user]").fill("deploy");
  await dialog.getByRole("button", { name: words("add"), exact: true }).click();

  await page.getByText(words("problem.ssh_key_denied"), { exact: true }).waitFor();
  await page.getByText(/users = \["deploy"\]/).waitFor();
  assert.deepEqual(await serious(page), []);

  const main = page.getByRole("main");
  const one = main.getByRole("listitem").filter({ hasText: "ssh/deploy" });
  await one.getByRole("button", { name: en("common.actions"), exact: true }).click();
  await page.getByRole("menuitem", { name: words("remove") }).click();
  await page.getByRole("dialog").getByRole("button", { name: words("remove"), exact: true }).click();
  await page.getByText(words("empty_title")).waitFor();
});

test("who does not manage machines sees no keys", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const heron = await addMachine(t, amina, { name: "heron" });
  const dalia = await addPerson(server, amina, { name: "Dalia", email: "dalia@example.com" });
  const { page } = await openBrowser(t, server);
  await signIn(page, dalia);
  await page.goto(`/machines/${heron.id}`);
  await page.getByRole("link", { name: en("machines.one.tabs.certificates"), exact: true }).waitFor();
  assert.equal(await page.getByRole("link", { name: en("machines.one.tabs.ssh-keys"), exact: true }).count(), 0);
});
