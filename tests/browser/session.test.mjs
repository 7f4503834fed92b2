// Sessions that end: by their owner, by an admin, by disabling the person.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addPerson, claimOwner } from "./support/api.mjs";
import { closeBrowsers, openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";
import { signIn } from "./support/steps.mjs";
import { en } from "./support/words.mjs";

after(closeBrowsers);

/**
 * That the feed ends within a second is stated by the edge's own tests, with a clock they hold. A browser on a
 * machine that does other things takes longer, but not as long as a page that only finds out when it asks.
 */
const WITHIN_MS = 5_000;

/** The open page leaves for the sign-in page by itself, soon after `cause`. */
async function losesAccess(page, cause) {
  const gone = page.getByRole("heading", { name: en("sign_in.title") }).waitFor();
  const start = performance.now();
  await cause();
  const caused = performance.now();
  await gone;
  const took = performance.now() - caused;
  assert.ok(
    took <= WITHIN_MS,
    `the page kept its access for ${Math.round(took)} ms (asked at ${Math.round(caused - start)} ms)`,
  );
  const answer = await page.request.get("/api/v1/me");
  assert.equal(answer.status(), 401);
}

/** Waits until the page's live connection is there, since it is what ends with the session. */
async function signInLive(page, person) {
  const connected = page.waitForEvent("websocket", (socket) => socket.url().endsWith("/api/v1/live"));
  const hello = connected.then((socket) => socket.waitForEvent("framereceived"));
  await signIn(page, person);
  await hello;
}

test("a session that its owner ends elsewhere loses its open page", async (t) => {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const lost = await openBrowser(t, server);
  await signInLive(lost.page, amina);
  const kept = await openBrowser(t, server);
  await signIn(kept.page, amina);
  await kept.page.goto("/profile/sessions");
  const others = kept.page.getByRole("button", { name: en("profile.sessions.revoke_others") });
  await others.waitFor();
  await losesAccess(lost.page, () => others.click());
  await kept.page.getByText(en("profile.sessions.current")).waitFor();
});

/** Basim, who looks at his page, and Amina, who may end that. */
async function basimAtHisPage(t) {
  const server = await startServer(t);
  const amina = await claimOwner(server);
  const basim = await addPerson(server, amina, { name: "Basim", email: "basim@example.com" });
  const { id } = (await basim.api.get("/me")).user;
  const { page } = await openBrowser(t, server);
  await signInLive(page, basim);
  return { amina, id, page };
}

test("an admin who ends somebody's sessions ends their open page", async (t) => {
  const { amina, id, page } = await basimAtHisPage(t);
  await losesAccess(page, () => amina.api.call("DELETE", `/users/${id}/sessions`));
});

test("a person who is disabled loses their open page", async (t) => {
  const { amina, id, page } = await basimAtHisPage(t);
  await losesAccess(page, () => amina.api.patch(`/users/${id}`, { status: "disabled" }));
});
