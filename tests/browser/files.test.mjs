// Files of a machine: looked through, uploaded and downloaded through its policy. Real files on a real bridge.
import assert from "node:assert/strict";
import { chown, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { claimOwner } from "./support/api.mjs";
import { flaws } from "./support/axe.mjs";
import { addMachine } from "./support/bridge.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { gone, signIn } from "./support/steps.mjs";
import { ar, en } from "./support/words.mjs";

after(closeBrowsers);

/** Where the bridge is root, it works as whoever owns the directory. */
const SOMEBODY = 65_534;
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const press = (page, key) => page.getByRole("button", { name: en(key), exact: true }).click();
const file = (name, text) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
const choose = (page, ...files) => page.locator("input[type=file]").setInputFiles(files);

async function arrange(t, policy = "own_machine") {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const { id, place } = await addMachine(t, amina, { name: "heron", policy });
  const { work } = place;
  await mkdir(join(work, "reports"));
  await writeFile(join(work, "reports", "تقرير.txt"), "a report");
  if (process.getuid() === 0) for (const name of ["", "reports"]) await chown(join(work, name), SOMEBODY, SOMEBODY);
  return { server, amina, id, work };
}

async function downloaded(page, name) {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name, exact: true }).click(),
  ]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  assert.equal(download.suggestedFilename(), name);
  return Buffer.concat(chunks);
}

test("files are looked through, and come back as they were sent", async (t) => {
  const { server, amina, id, work } = await arrange(t);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  const judged = page.waitForResponse((answer) => answer.url().endsWith(`/machines/${id}/check`));
  await page.goto(`/machines/${id}/files`);
  // The top directory takes files as any other does.
  assert.equal((await (await judged).json()).decision, "allow");
  await choose(page, file("at the top.txt", "a file"));
  await page.getByText(en("files.upload.state_stored"), { exact: true }).waitFor();
  assert.equal(await readFile(join(work, "at the top.txt"), "utf8"), "a file");
  await press(page, "files.upload.clear");
  await page.getByRole("link", { name: "reports", exact: true }).click();
  assert.equal((await downloaded(page, "تقرير.txt")).toString(), "a report");

  const bytes = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, n) => (n * 7919) % 251));
  await choose(page, { name: "bytes of all kinds.bin", mimeType: "application/octet-stream", buffer: bytes });
  await page.getByText(en("files.upload.state_stored"), { exact: true }).waitFor();
  assert.deepEqual(await readFile(join(work, "reports", "bytes of all kinds.bin")), bytes);
  assert.deepEqual(await downloaded(page, "bytes of all kinds.bin"), bytes);

  await page.goBack();
  await page.getByRole("link", { name: "reports", exact: true }).waitFor();
  await gone(page.getByRole("link", { name: "تقرير.txt" }));
});

test("a download that fails says why, and the page stays", async (t) => {
  const { server, amina, id, work } = await arrange(t);
  const shut = join(work, "reports", "shut.txt");
  await writeFile(shut, "nobody reads this", { mode: 0o000 });
  if (process.getuid() === 0) await chown(shut, SOMEBODY, SOMEBODY);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto(`/machines/${id}/files?root=projects&path=reports`);
  await page.getByRole("link", { name: "shut.txt", exact: true }).click();
  await page.getByText(en("problem.file_denied")).waitFor();
  await page.getByRole("heading", { level: 1, name: "heron" }).waitFor();
});

test("what is there is replaced only after a yes", async (t) => {
  const { server, amina, id, work } = await arrange(t);
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto(`/machines/${id}/files?root=projects&path=reports`);
  await choose(page, file("a.txt", "old"));
  await page.getByText(en("files.upload.state_stored"), { exact: true }).waitFor();
  await press(page, "files.upload.clear");
  await choose(page, file("a.txt", "new"), file("b.txt", "other"));
  await page.getByText(en("files.upload.state_taken"), { exact: true }).waitFor();
  await page.getByText(en("files.upload.state_stored"), { exact: true }).waitFor();
  const stands = () => readFile(join(work, "reports", "a.txt"), "utf8");
  assert.equal(await stands(), "old");
  await press(page, "files.upload.replace");
  await page.getByText(en("files.upload.state_taken"), { exact: true }).waitFor({ state: "detached" });
  await page.getByText(en("files.upload.state_stored"), { exact: true }).nth(1).waitFor();
  assert.equal(await stands(), "new");
});

test("a directory that is not there, an empty one, and a policy that does not let one write all say so", async (t) => {
  const { server, amina, id, work } = await arrange(t, "strict");
  await mkdir(join(work, "empty"));
  const { page } = await openBrowser(t, server);
  await signIn(page, amina);
  await page.goto(`/machines/${id}/files?root=projects&path=empty`);
  await page.getByText(en("files.empty"), { exact: true }).waitFor();
  await page.getByText(en("commands.verdict.ask"), { exact: true }).waitFor();
  await choose(page, file("a.txt", "a"));
  await page.getByText(en("problem.approval_needed"), { exact: true }).waitFor();
  await page.goto(`/machines/${id}/files?root=projects&path=nowhere`);
  await page.getByText(en("problem.file_absent"), { exact: true }).waitFor();
  await page.goto(`/machines/${id}/files?root=elsewhere`);
  await page.getByText(en("commands.verdict.deny"), { exact: true }).first().waitFor();
  await page.getByText(en("commands.reason.root_unknown")).first().waitFor();
});

for (const [language, theme, options] of [
  ["en", "light", {}],
  ["ar", "dark", phone],
]) {
  const words = { en, ar }[language];
  const where = options === phone ? "on a phone" : "on a wide screen";
  test(`files have no serious accessibility issue ${where} (${language}, ${theme})`, async (t) => {
    const { server, amina, id } = await arrange(t);
    await amina.api.patch("/me", { language, theme });
    const { page } = await openBrowser(t, server, { language, ...options });
    await signIn(page, amina, words);
    const found = [];
    for (const path of ["", "reports", "nowhere"]) {
      await page.goto(`/machines/${id}/files?root=projects&path=${path}`);
      if (path === "reports") {
        await choose(page, file("a.txt", "a"));
        await page.getByText(words("files.upload.state_stored"), { exact: true }).waitFor();
      }
      for (const flaw of await flaws(page)) found.push({ path, ...flaw });
    }
    assert.deepEqual(found, []);
  });
}
