// An SSH key of the vault on a machine with a real sshd: it opens the door, is rotated without a moment in which none
// does, and goes again.
import assert from "node:assert/strict";
import { chown, mkdir, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { claimOwner } from "../browser/support/api.mjs";
import { listen } from "../browser/support/live.mjs";
import { startServer } from "../browser/support/server.mjs";
import { makeKeeper, USER } from "./support/keeper.mjs";

const skip = process.getuid() === 0 ? false : "only root can make users: run it as root to have this tested";

/** Waits until the only key of the machine is so; `undefined` is one that is gone. */
async function becomes(api, machine, is) {
  const feed = await listen(api, ["machines"]);
  try {
    for (;;) {
      const { items } = await api.get(`/machines/${machine}/ssh-keys`);
      if (is(items[0])) return items[0];
      await feed.hear("event");
    }
  } finally {
    feed.close();
  }
}

const inPlace = (version) => (key) => key?.state === "in_place" && key.versions[0].version === version;

async function arrange(t) {
  const server = await startServer(t);
  const { api } = await claimOwner(server);
  const keeper = await makeKeeper(t);
  const { lines, token } = await api.post("/join-tokens", { name: "heron", labels: [], policy: "standard" });
  const target = /http[^\s']+#[0-9a-f]{64}/.exec(lines.command)[0];
  await keeper.join(target, token);
  const { items } = await api.get("/machines");
  const secret = await api.post("/secrets", { name: "ssh/deploy", kind: "ssh_key", generate: {}, overlap_hours: 0 });
  const reveal = (version) => api.post(`/secrets/${secret.id}/reveal`, { version, reason: "to log in" }).then(({ value }) => value);
  return { api, keeper, machine: items[0].id, secret, reveal };
}

test("a key of the vault opens the door, and is rotated without a lock-out", { skip }, async (t) => {
  const { api, keeper, machine, secret, reveal } = await arrange(t);
  const stop = await keeper.serve();
  const theirs = "# mine\nno-pty ssh-rsa AAAA me@home";
  await mkdir(`${keeper.home}/.ssh`, { mode: 0o700 });
  await writeFile(keeper.keysFile, theirs, { mode: 0o600 });
  for (const path of [`${keeper.home}/.ssh`, keeper.keysFile]) await chown(path, keeper.uid, keeper.uid);

  const wanted = { secret: "ssh/deploy", user: USER, port: keeper.port };
  const { id } = await api.post(`/machines/${machine}/ssh-keys`, wanted);
  await becomes(api, machine, inPlace(1));
  const first = await reveal(1);
  assert.ok(await keeper.opens("first", first));
  assert.ok((await keeper.keys()).startsWith(`${theirs}\nssh-ed25519 `));

  let isRotated = false;
  const second = await api.post(`/secrets/${secret.id}/rotate`, {}).then(() => reveal(2));
  const watched = (async () => {
    let looks = 0;
    for (; !isRotated; looks += 1) {
      const doors = await Promise.all([keeper.opens("first", first), keeper.opens("second", second)]);
      assert.ok(doors.includes(true), "there was a moment in which no key opened the door");
    }
    return looks;
  })();
  await becomes(api, machine, inPlace(2)).finally(() => {
    isRotated = true;
  });
  assert.ok((await watched) > 0);
  assert.ok(await keeper.opens("second", second));
  assert.ok(!(await keeper.opens("first", first)));

  await t.test("while sshd is away the old key stays, also in the vault, and the new one is proven later", async () => {
    await stop();
    await api.post(`/secrets/${secret.id}/rotate`, {});
    const stuck = await becomes(api, machine, (key) => key?.state === "attention");
    assert.equal(stuck.problem.code, "ssh_server_absent");
    assert.deepEqual(
      stuck.versions.map((one) => [one.version, one.proven_at !== null]),
      [
        [2, true],
        [3, false],
      ],
    );
    await keeper.serve();
    assert.ok(await keeper.opens("second", second));
    const { items } = await api.get(`/secrets/${secret.id}/versions`);
    assert.equal(items.find((one) => one.version === 2).state, "overlapping");
    await api.post(`/machines/${machine}/ssh-keys/${id}/check`);
    await becomes(api, machine, inPlace(3));
    assert.ok(await keeper.opens("third", await reveal(3)));
    assert.ok(!(await keeper.opens("second", second)));
  });

  await t.test("what is not wanted any more goes, and only that", async () => {
    await api.call("DELETE", `/machines/${machine}/ssh-keys/${id}`);
    await becomes(api, machine, (key) => key === undefined);
    assert.equal(await keeper.keys(), `${theirs}\n`);
  });
});
