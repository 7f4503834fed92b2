// Jobs: begun from the form, followed, tried again, held and let go. Real bridges carry them out.
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { chown, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { addPerson, claimOwner } from "./support/api.mjs";
import { flaws, serious } from "./support/axe.mjs";
import { addMachine, SOMEBODY } from "./support/bridge.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { listen } from "./support/live.mjs";
import { startServer } from "./support/server.mjs";
import { gone, signIn, signOut } from "./support/steps.mjs";
import { ar, en } from "./support/words.mjs";

after(closeBrowsers);

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const press = (page, key, values) => page.getByRole("button", { name: en(key, values), exact: true }).click();
const badge = (page, key, values) => page.getByRole("main").getByText(en(key, values), { exact: true }).first();
const log = (page) => page.getByRole("region", { name: en("commands.output.title"), exact: true });
const program = (...argv) => ({ kind: "exec", argv, root: "projects", path: "" });

async function house(t, options = {}) {
  const server = await startServer(t);
  const amina = await claimOwner(server, options);
  const { page } = await openBrowser(t, server, options);
  await signIn(page, amina, options.language === "ar" ? ar : en);
  return { server, amina, page };
}

async function ended(amina, id) {
  const feed = await listen(amina.api, ["jobs"]);
  try {
    for (;;) {
      const job = await amina.api.get(`/jobs/${id}`);
      if (job.ended_at) return job;
      await feed.hear("event");
    }
  } finally {
    feed.close();
  }
}

test("a job is begun from the form, followed to its end, and begun again with changes", async (t) => {
  const { amina, page } = await house(t);
  const { id: machine } = await addMachine(t, amina, { name: "heron", labels: ["env=test"] });
  await page.getByRole("link", { name: en("places.jobs"), exact: true }).click();
  await page
    .getByRole("link", { name: en("jobs.new.action") })
    .first()
    .click();
  await page.getByLabel(en("commands.field.line"), { exact: true }).fill("echo 'a  heron'");
  await page.getByText(en("jobs.target.choose_labels"), { exact: true }).click();
  await page.getByLabel(en("machines.labels"), { exact: true }).first().fill("env=test");
  await page.getByText(en("commands.many.matching_one", { count: 1 })).waitFor();
  await page.getByText(en("jobs.form.turn"), { exact: true }).click();
  await page.getByLabel(en("jobs.name")).fill("Say it");
  await page.getByLabel(en("jobs.priority")).fill("5");
  await press(page, "jobs.new.start");

  await page.getByRole("heading", { level: 1, name: "Say it" }).waitFor();
  await badge(page, "jobs.state.succeeded").waitFor();
  await log(page).getByText("a heron").waitFor();
  const first = new URL(page.url()).pathname.split("/").at(-1);
  const job = await amina.api.get(`/jobs/${first}`);
  assert.deepEqual(
    [job.priority, job.target, job.machine_id, job.queue],
    [5, { kind: "labels", selector: "env=test" }, machine, "default"],
  );

  await page.getByRole("link", { name: en("jobs.rerun") }).click();
  const line = page.getByLabel(en("commands.field.line"), { exact: true });
  assert.equal(await line.inputValue(), "echo 'a  heron'");
  await line.fill("echo again");
  await press(page, "jobs.new.start");
  await log(page).getByText("again", { exact: true }).waitFor();
  const second = new URL(page.url()).pathname.split("/").at(-1);
  const again = await amina.api.get(`/jobs/${second}`);
  assert.deepEqual([again.rerun_of, again.name, again.priority], [first, "Say it", 5]);
});

test("what cannot be meant is said at its field, by the form and by the server", async (t) => {
  const { page } = await house(t);
  await page.goto("/jobs/new");
  await press(page, "jobs.new.start");
  await page.getByText(en("problem.fields_invalid"), { exact: true }).waitFor();
  await page.getByText(en("jobs.fault.required"), { exact: true }).waitFor();
  const line = page.getByLabel(en("commands.field.line"), { exact: true });
  assert.equal(await line.getAttribute("aria-invalid"), "true");
  await page.waitForFunction((field) => field === document.activeElement, await line.elementHandle());
  await line.fill("true");
  await page.getByText(en("jobs.form.turn"), { exact: true }).click();
  const queue = page.getByLabel(en("jobs.queue"), { exact: true });
  await queue.fill("Deploys!");
  // Closed, it opens again by itself with what is wrong in it.
  await page.getByText(en("jobs.form.turn"), { exact: true }).click();
  await press(page, "jobs.new.start");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-invalid") === "true");
  assert.equal(await queue.getAttribute("aria-invalid"), "true");
  assert.ok(await queue.evaluate((field) => field === document.activeElement));
  assert.equal(await page.getByText(en("jobs.field.queue_invalid"), { exact: true }).count(), 1);
});

test("a form that was filled in is not left unasked, unless it was sent", async (t) => {
  const { page } = await house(t);
  await page.goto("/jobs/new");
  const line = page.getByLabel(en("commands.field.line"), { exact: true });
  await line.fill("true");
  await page.getByRole("link", { name: en("common.cancel"), exact: true }).click();
  const dialog = page.getByRole("dialog", { name: en("jobs.leave.title") });
  await dialog.getByRole("button", { name: en("jobs.leave.stay"), exact: true }).click();
  assert.equal(await line.inputValue(), "true");
  await page.getByRole("link", { name: en("common.cancel"), exact: true }).click();
  await dialog.getByRole("button", { name: en("jobs.leave.action"), exact: true }).click();
  await page.getByRole("heading", { level: 1, name: en("places.jobs") }).waitFor();
  await page.goto("/jobs/new");
  await line.fill("true");
  await press(page, "jobs.new.start");
  await page.getByRole("heading", { level: 1, name: "true" }).waitFor();
});

test("whoever signs out is not held back by a form that was filled in", async (t) => {
  const { amina, page } = await house(t);
  await page.goto("/jobs/new");
  await page.getByLabel(en("commands.field.line"), { exact: true }).fill("true");
  await signOut(page, amina);
  await page.goto("/jobs/new");
  await page.getByRole("heading", { name: en("sign_in.title") }).waitFor();
});

test("a job that fails is tried again as often as it may be, and lies there until somebody sees to it", async (t) => {
  const { amina, page } = await house(t);
  await addMachine(t, amina, { name: "heron" });
  const wanted = { operation: program("false"), name: "Fails", retry: { attempts: 2, delay_ms: 50 } };
  const { id } = await amina.api.post("/jobs", wanted);
  await page.goto(`/jobs/${id}`);
  await badge(page, "jobs.reason.exit_code.title").waitFor();
  await page.getByText(en("jobs.attempts.number", { n: 2 }), { exact: true }).waitFor();
  await page.getByText(en("jobs.attempts.number", { n: 1 }), { exact: true }).click();
  await page.waitForURL(/attempt=1/);
  await press(page, "jobs.retry.action");
  await page.getByText(en("jobs.attempts.number", { n: 3 }), { exact: true }).waitFor();
  await ended(amina, id);

  const { jobs } = await amina.api.post("/jobs/batch", {
    jobs: ["One", "Two", "Three"].map((name) => ({ operation: program("false"), name })),
  });
  for (const job of jobs) await ended(amina, job.id);
  await page.goto("/jobs/dead-letters");
  await page.getByRole("link", { name: "Three", exact: true }).waitFor();
  await page.getByLabel(en("machines.choose", { name: "\u2068Two\u2069" }), { exact: true }).check();
  await press(page, "jobs.dead.dismiss");
  const dialog = page.getByRole("dialog", { name: en("jobs.dead.dismiss_title_one", { count: 1 }) });
  await dialog.getByRole("button", { name: en("jobs.dead.dismiss") }).click();
  await gone(page.getByRole("link", { name: "Two", exact: true }));
  await page.getByLabel(en("machines.choose_all"), { exact: true }).check();
  await press(page, "jobs.dead.replay");
  await page
    .getByRole("dialog", { name: en("jobs.dead.replay_title_other", { count: 3 }) })
    .getByRole("button", { name: en("jobs.dead.replay") })
    .click();
  await page.getByText(en("jobs.dead.replayed_other", { count: 3 }), { exact: true }).waitFor();
  const two = await amina.api.get(`/jobs/${jobs[1].id}`);
  assert.deepEqual([two.state, two.dead_at, two.attempt], ["failed", null, 1]);
});

test("whoever does not manage jobs chooses among their own dead letters alone", async (t) => {
  const { server, amina } = await house(t);
  await addMachine(t, amina, { name: "heron" });
  const basim = await addPerson(server, amina, { name: "Basim", email: "basim@example.com" });
  for (const [who, name] of [
    [amina, "Hers"],
    [basim, "His"],
  ]) {
    const { id } = await who.api.post("/jobs", { operation: program("false"), name });
    await ended(who, id);
  }
  const { page } = await openBrowser(t, server);
  await signIn(page, basim);
  await page.goto("/jobs/dead-letters");
  await page.getByRole("link", { name: "Hers", exact: true }).waitFor();
  assert.equal(await page.getByLabel(en("machines.choose", { name: "\u2068Hers\u2069" }), { exact: true }).count(), 0);
  await page.getByLabel(en("machines.choose_all"), { exact: true }).check();
  await press(page, "jobs.dead.dismiss");
  const dialog = page.getByRole("dialog", { name: en("jobs.dead.dismiss_title_one", { count: 1 }) });
  await dialog.getByRole("button", { name: en("jobs.dead.dismiss") }).click();
  await gone(page.getByLabel(en("machines.choose_all"), { exact: true }));
  await page.getByRole("link", { name: "Hers", exact: true }).waitFor();
  assert.equal(await page.getByRole("link", { name: "His", exact: true }).count(), 0);
});

test("a queue is held and goes on, and the board says so to whoever looks on", async (t) => {
  const { server, amina, page } = await house(t);
  await addMachine(t, amina, { name: "heron" });
  const basim = await addPerson(server, amina, { name: "Basim", email: "basim@example.com" });
  const other = await openBrowser(t, server);
  await signIn(other.page, basim);
  await other.page.goto("/jobs");
  await page.goto("/jobs");
  const more = page.getByRole("button", { name: en("jobs.queues.more", { name: "\u2066default\u2069" }) });
  await more.click();
  await page.getByRole("menuitem", { name: en("jobs.queues.pause") }).click();
  await badge(other.page, "jobs.queues.paused").waitFor();
  assert.equal(await other.page.getByRole("button", { name: /default/ }).count(), 0);

  const { id } = await amina.api.post("/jobs", { operation: program("true"), name: "Waits" });
  await other.page.getByRole("link", { name: "Waits", exact: true }).waitFor();
  await other.page.getByText(`${en("jobs.part.waiting")} 1`, { exact: true }).click();
  await other.page.getByRole("link", { name: "Waits", exact: true }).click();
  await other.page
    .getByText(en("jobs.waits.queue_paused", { queue: "\u2066default\u2069" }), { exact: true })
    .waitFor();
  // It is another's, and Basim does not manage jobs.
  assert.equal(await other.page.getByRole("button", { name: en("jobs.cancel.action") }).count(), 0);

  await more.click();
  await page.getByRole("menuitem", { name: en("jobs.queues.resume") }).click();
  await badge(other.page, "jobs.state.succeeded").waitFor();
  assert.equal((await amina.api.get(`/jobs/${id}`)).attempt, 1);
});

test("a pause while one types what is looked for takes nothing of it away", async (t) => {
  const { amina, page } = await house(t);
  await amina.api.post("/jobs", { operation: program("true"), name: "Nightly import", labels: { team: "web" } });
  await page.goto("/jobs");
  const search = page.getByRole("searchbox", { name: en("jobs.search"), exact: true });
  await search.pressSequentially("Nightly ");
  await page.waitForURL(/search=Nightly/);
  await search.pressSequentially("import");
  await page.waitForURL(/search=Nightly.import/);
  assert.equal(await search.inputValue(), "Nightly import");
  const label = page.getByRole("searchbox", { name: en("jobs.label_filter"), exact: true });
  await label.pressSequentially("team=");
  await page.waitForURL(/label=team/);
  await label.pressSequentially("web");
  await page.waitForURL(/label=team[^&]*web/);
  assert.equal(await label.inputValue(), "team=web");
  await page.getByRole("link", { name: "Nightly import", exact: true }).waitFor();
});

test("a job that runs is cancelled, and so is what waits for it", async (t) => {
  const { amina, page } = await house(t);
  await addMachine(t, amina, { name: "heron" });
  const first = await amina.api.post("/jobs", { operation: program("sleep", "600"), name: "Long" });
  await page.goto(`/jobs/new?after=${first.id}`);
  await page.getByLabel(en("commands.field.line"), { exact: true }).fill("true");
  await page.getByText(en("jobs.form.order"), { exact: true }).click();
  await page.getByText("Long", { exact: true }).waitFor();
  await press(page, "jobs.new.start");
  await badge(page, "jobs.waits.dependencies").waitFor();
  await page.getByRole("link", { name: "Long", exact: true }).click();
  await badge(page, "jobs.state.running").waitFor();
  await press(page, "jobs.cancel.action");
  await page
    .getByRole("dialog")
    .getByRole("button", { name: en("jobs.cancel.action") })
    .click();
  await badge(page, "jobs.state.cancelled").waitFor();
  await page.getByRole("link", { name: "true", exact: true }).click();
  await badge(page, "jobs.reason.dependency_failed.title").waitFor();
});

test("of a long log only what is in sight is drawn, and all of it can be reached", async (t) => {
  const { amina, page } = await house(t);
  const { place } = await addMachine(t, amina, { name: "heron" });
  const lines = Array.from({ length: 100_000 }, (_, at) => `line ${at} \u001b[32mok\u001b[0m <b>${at}</b>`);
  const file = join(place.work, "long.txt");
  await writeFile(file, `${lines.join("\n")}\n`);
  if (process.getuid() === 0) await chown(file, SOMEBODY, SOMEBODY);
  const { id } = await amina.api.post("/jobs", { operation: program("cat", "long.txt"), name: "Long" });
  await page.goto(`/jobs/${id}`);
  await log(page).getByText("line 99999 ok <b>99999</b>", { exact: true }).waitFor();
  assert.equal(await page.locator("b").count(), 0);
  await page.getByRole("group").getByText(en("commands.output.output"), { exact: true }).click();
  await log(page).getByText("line 99999", { exact: false }).waitFor();
  const first = log(page).getByText("line 0 ok <b>0</b>", { exact: true });
  while ((await first.count()) === 0) {
    await log(page).evaluate((panel) => panel.scrollTo(0, 0));
    await page.waitForFunction((busy) => !document.body.textContent.includes(busy), en("common.loading"));
    assert.ok((await page.locator("main *").count()) < 1500);
  }
  await press(page, "jobs.log.to_end");
  await log(page).getByText("line 99999 ok <b>99999</b>", { exact: true }).waitFor();
});

/** A job that said this, and has ended. */
async function said(t, amina, { text, name, files = [] }) {
  const { place } = await addMachine(t, amina, { name: "heron" });
  const file = join(place.work, "out.txt");
  await writeFile(file, text);
  if (process.getuid() === 0) await chown(file, SOMEBODY, SOMEBODY);
  const { id } = await amina.api.post("/jobs", { operation: program("cat", "out.txt", ...files), name });
  await ended(amina, id);
  return id;
}

test("a log that has come to its end is never taken for one that was cut off", async (t) => {
  const { amina, page } = await house(t);
  await addMachine(t, amina, { name: "heron" });
  const { id } = await amina.api.post("/jobs", { operation: program("echo", "all of it") });
  await ended(amina, id);
  const codes = await page.evaluate(async (path) => {
    const codes = new Set();
    for (let time = 0; time < 40; time += 1) {
      const socket = new WebSocket(`${window.origin.replace("http", "ws")}/api/v1${path}`);
      codes.add(await new Promise((closed) => socket.addEventListener("close", ({ code }) => closed(code))));
    }
    return [...codes];
  }, `/jobs/${id}/log/follow`);
  assert.deepEqual(codes, [1000]);
});

test("words are looked for in a log, shown where they stand, and all of it is taken away", async (t) => {
  const { amina, page } = await house(t);
  const lines = Array.from({ length: 60_000 }, (_, at) => `step ${at} \u001b[32mok\u001b[0m`);
  lines[100] = "an \u001b[31mErr\u001b[1mor\u001b[0m at the beginning";
  lines[59_000] = "another error near the end";
  const text = `${lines.join("\n")}\n`;
  // It complains about the second file, on its error output.
  const id = await said(t, amina, { text, name: "Looked through", files: ["an-error"] });
  await page.goto(`/jobs/${id}`);
  const search = page.getByRole("searchbox", { name: en("jobs.log.search"), exact: true });
  await search.fill("error");
  const match = (at, line) => page.getByText(en("jobs.log.match", { at, all: 3, line }), { exact: true }).waitFor();
  const current = () => log(page).locator("[aria-current]");
  await match(1, 101);
  await current().getByText("an Error at the beginning").waitFor();
  // A word is marked whole, also where its halves look different.
  assert.deepEqual(await current().locator("span[class*=e8c170]").allTextContents(), ["Err", "or"]);
  await search.press("Enter");
  await match(2, "59,001");
  await current().getByText("another error near the end").waitFor();
  await search.press("Enter");
  await match(3, 1);
  await current().getByText("an-error: No such file or directory").waitFor();
  await search.press("Enter");
  await match(1, 101);
  await search.press("Shift+Enter");
  await match(3, 1);
  await press(page, "jobs.log.previous");
  await match(2, "59,001");
  assert.deepEqual(await serious(page), []);
  await search.fill("nowhere to be found");
  await page.getByText(en("jobs.log.nothing_found"), { exact: true }).waitFor();
  // Whoever looks for nothing any more is back at the end of both.
  await search.fill("");
  await log(page).getByText("an-error: No such file or directory").waitFor();
  await log(page).getByText("step 59999 ok", { exact: true }).waitFor();
  assert.equal(await current().count(), 0);

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: en("commands.output.download_output") }).click(),
  ]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), text);
  assert.match(download.suggestedFilename(), /^heron-cmd_\w+\.out$/);
});

test("a log is searched in Arabic on a phone, and what is hostile in it stays text", async (t) => {
  const { amina, page } = await house(t, { language: "ar", ...phone });
  const hostile = "<img src=x onerror=window.harmed=1>\u001b]52;c;aGVsbG8=\u0007\u001b]0;title\u0007 خطأ \u202eend";
  const id = await said(t, amina, { text: `بداية\n${hostile}\n`, name: "عدائي" });
  await page.goto(`/jobs/${id}`);
  const search = page.getByRole("searchbox", { name: ar("jobs.log.search"), exact: true });
  await search.fill("خطأ");
  await page.getByText(ar("jobs.log.match", { at: 1, all: 1, line: 2 }), { exact: true }).waitFor();
  const panel = page.getByRole("region", { name: ar("commands.output.title"), exact: true });
  const line = panel.locator("[aria-current]");
  assert.equal(await line.textContent(), "<img src=x onerror=window.harmed=1> خطأ \ufffdend");
  assert.equal(await panel.locator("img").count(), 0);
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  assert.ok(fits, "nothing is wider than the phone");
  assert.deepEqual(await serious(page), []);
});

test("a schedule says when it comes while it is written, runs by hand, pauses and is changed", async (t) => {
  const { amina, page } = await house(t);
  await addMachine(t, amina, { name: "heron" });
  await page.goto("/jobs/schedules");
  await page
    .getByRole("link", { name: en("schedules.new.action") })
    .first()
    .click();
  await page.getByLabel(en("jobs.name"), { exact: true }).first().fill("Nightly");
  const cron = page.getByLabel(en("schedules.cron.expression"), { exact: true });
  const next = page.getByRole("region", { name: en("schedules.next.title"), exact: true });
  await cron.fill("61 3 * * *");
  await next.getByText(en("jobs.field.cron_invalid"), { exact: true }).waitFor();
  await cron.fill("30 7 * * mon-fri");
  await page.getByLabel(en("schedules.zone"), { exact: true }).selectOption("Asia/Riyadh");
  await next.getByText(/07:30/).nth(9).waitFor();
  assert.equal(await next.getByText(/Sat|Sun/).count(), 0);
  await page.getByLabel(en("commands.field.line"), { exact: true }).fill("echo nightly");
  await press(page, "schedules.new.save");
  await page.getByRole("heading", { level: 1, name: "Nightly" }).waitFor();
  await page.getByText(en("schedules.cron.weekdays", { days: "Mon–Fri", time: "07:30" }), { exact: true }).waitFor();

  await press(page, "schedules.run.action");
  await log(page).getByText("nightly", { exact: true }).waitFor();
  await page.getByRole("link", { name: en("jobs.by_schedule") }).click();
  await badge(page, "jobs.state.succeeded").waitFor();
  await press(page, "schedules.pause.action");
  await badge(page, "jobs.queues.paused").waitFor();
  await page.getByRole("link", { name: en("schedules.change.action") }).click();
  await page.getByText(en("schedules.cron.daily", { time: "03:00" }), { exact: true }).click();
  await page.getByRole("link", { name: en("common.cancel"), exact: true }).click();
  const leaving = page.getByRole("dialog", { name: "Leave without saving?" });
  await leaving.getByRole("button", { name: en("jobs.leave.stay"), exact: true }).click();
  await press(page, "common.save");
  // The form has the same words.
  await page.getByRole("link", { name: en("schedules.change.action") }).waitFor();
  await page.getByText(en("schedules.cron.daily", { time: "03:00" }), { exact: true }).waitFor();
  const { items } = await amina.api.get("/job-schedules");
  assert.deepEqual(
    items.map(({ name, when, paused_at, job }) => [
      name,
      when.expression,
      when.time_zone,
      Boolean(paused_at),
      job.operation.argv,
    ]),
    [["Nightly", "0 3 * * *", "Asia/Riyadh", true, ["echo", "nightly"]]],
  );
});

test("the menu of a schedule lies before the rows below it", async (t) => {
  const { amina, page } = await house(t);
  await addMachine(t, amina, { name: "heron" });
  const when = { kind: "cron", expression: "0 3 * * *" };
  const schedules = [];
  // The newest stands first, and the rows below it show how their jobs have ended.
  for (const name of ["Third", "Second", "First"]) {
    schedules.push(await amina.api.post("/job-schedules", { name, when, job: { operation: program("echo", "done") } }));
  }
  for (const { id } of schedules) await ended(amina, (await amina.api.post(`/job-schedules/${id}/run`)).id);
  await page.goto("/jobs/schedules");
  await page.getByText(en("jobs.state.succeeded"), { exact: true }).nth(2).waitFor();
  await page.getByRole("button", { name: en("schedules.more", { name: "\u2068First\u2069" }), exact: true }).click();
  const menu = page.getByRole("menu");
  await menu.waitFor();
  const covered = await menu.evaluate((menu) => {
    const box = menu.getBoundingClientRect();
    const points = [];
    for (let x = box.left + 8; x < box.right - 8; x += 8)
      for (let y = box.top + 8; y < box.bottom - 8; y += 8) points.push([x, y]);
    return points.filter(([x, y]) => !menu.contains(document.elementFromPoint(x, y))).length;
  });
  assert.equal(covered, 0);
});

test("a schedule that is called shows its secret once, and believes who signs with it", async (t) => {
  const { amina, page } = await house(t);
  await addMachine(t, amina, { name: "heron" });
  await page.goto("/jobs/schedules");
  await page
    .getByRole("link", { name: en("schedules.new.action") })
    .first()
    .click();
  await page.getByLabel(en("jobs.name"), { exact: true }).first().fill("Called");
  await page.getByText(en("schedules.when.webhook"), { exact: true }).click();
  await page.getByLabel(en("commands.field.line"), { exact: true }).fill("echo called");
  await press(page, "schedules.new.save");
  const dialog = page.getByRole("dialog", { name: en("schedules.hook.secret_title") });
  const secret = await dialog.locator("code").textContent();
  // A key too many does not take away what is shown this once.
  await page.waitForFunction((name) => document.activeElement?.ariaLabel === name, en("common.copy"));
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  assert.equal(await dialog.locator("code").textContent(), secret);
  // Nor does a step back, unasked.
  await page.evaluate(() => history.back());
  const leaving = page.getByRole("dialog", { name: en("schedules.hook.leave_title") });
  await leaving.getByRole("button", { name: en("jobs.leave.stay"), exact: true }).click();
  await gone(leaving);
  assert.equal(await dialog.locator("code").textContent(), secret);
  await dialog.getByRole("button", { name: en("common.done") }).click();
  await page.getByRole("heading", { level: 1, name: "Called" }).waitFor();
  assert.ok(!(await page.content()).includes(secret));

  const url = await page.locator("main code").first().textContent();
  assert.equal((await call(url, "not the secret")).status, 401);
  assert.equal((await call(url, secret)).status, 200);
  await badge(page, "jobs.state.succeeded").waitFor();
  await press(page, "schedules.hook.new_secret");
  await page
    .getByRole("dialog")
    .getByRole("button", { name: en("schedules.hook.new_secret") })
    .click();
  const fresh = await dialog.locator("code").textContent();
  await dialog.getByRole("button", { name: en("common.done") }).click();
  assert.equal((await call(url, secret)).status, 401);
  assert.equal((await call(url, fresh)).status, 200);

  await page.getByRole("button", { name: en("schedules.more", { name: "\u2068Called\u2069" }) }).click();
  await page.getByRole("menuitem", { name: en("schedules.remove.action") }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: en("schedules.remove.action") })
    .click();
  await page.getByText(en("schedules.empty"), { exact: true }).waitFor();
});

/** A call as the example on the page makes it. */
async function call(url, secret) {
  const at = String(Math.floor(Date.now() / 1000));
  const body = JSON.stringify({ nonce: randomUUID() });
  const signature = createHmac("sha256", secret).update(`${at}.${body}`).digest("hex");
  const headers = {
    "content-type": "application/json",
    "x-diwan-timestamp": at,
    "x-diwan-signature": `v1=${signature}`,
  };
  return fetch(url, { method: "POST", headers, body });
}

test("who may not see jobs is told so", async (t) => {
  const { server, amina } = await house(t);
  const dana = await addPerson(server, amina, { name: "Dana", email: "dana@example.com", role: "viewer" });
  const { page } = await openBrowser(t, server);
  await signIn(page, dana);
  assert.equal(await page.getByRole("link", { name: en("places.jobs"), exact: true }).count(), 0);
  for (const place of ["/jobs", "/jobs/new", "/jobs/dead-letters", "/jobs/statistics", "/jobs/schedules"]) {
    await page.goto(place);
    await page.getByText(en("state.no_permission.title")).waitFor();
  }
});

for (const [language, t9n] of [
  ["en", en],
  ["ar", ar],
]) {
  test(`pages about jobs can be read by everybody and fit a phone (${language})`, async (t) => {
    const { server, amina } = await house(t);
    await addMachine(t, amina, { name: "heron-with-a-long-name.in-a-building.example.com" });
    const name = "Import of the catalogue with a very long name that goes on and on".repeat(2).slice(0, 128);
    const failed = await amina.api.post("/jobs", {
      operation: program("false"),
      name,
      labels: { team: "a-long-team" },
    });
    const waiting = await amina.api.post("/jobs", {
      operation: program("echo", "a".repeat(300)),
      target: { kind: "labels", selector: "env=there-is-no-such-machine" },
      after: [{ job_id: failed.id, when: "ended" }],
    });
    const what = { operation: program("true") };
    const nightly = await amina.api.post("/job-schedules", {
      name,
      when: { kind: "cron", expression: "*/20 8-18/2 1,15,L * mon-fri", time_zone: "America/Argentina/Buenos_Aires" },
      job: what,
    });
    const called = await amina.api.post("/job-schedules", {
      name: "Called",
      when: { kind: "webhook", provider: "diwan" },
      job: what,
    });
    await ended(amina, failed.id);
    const places = [
      "/jobs",
      `/jobs/${failed.id}`,
      `/jobs/${waiting.id}`,
      "/jobs/new",
      `/jobs/new?like=${failed.id}`,
      "/jobs/dead-letters",
      "/jobs/statistics",
      "/jobs/schedules",
      "/jobs/schedules/new",
      `/jobs/schedules/${nightly.id}`,
      `/jobs/schedules/${nightly.id}/change`,
      `/jobs/schedules/${called.id}`,
    ];
    const found = [];
    for (const [theme, options] of [
      ["dark", {}],
      ["brand", phone],
    ]) {
      await amina.api.patch("/me", { language, theme });
      const { page } = await openBrowser(t, server, { language, ...options });
      await signIn(page, amina, t9n);
      for (const place of places) {
        await page.goto(place);
        await page.getByRole("heading", { level: 1 }).waitFor();
        const closed = page.locator("main details:not([open]) > summary");
        while ((await closed.count()) > 0) await closed.first().click();
        for (const flaw of await flaws(page)) found.push({ theme, place, ...flaw });
      }
    }
    assert.deepEqual(found, []);
  });
}
