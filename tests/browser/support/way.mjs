// The way between a machine and a server of a test: it can be cut, and mended again.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { atTheEnd } from "./ending.mjs";
import { freePort } from "./server.mjs";

/** A way to a port of this machine. While it is cut, nothing that is open goes on and nothing new gets through. */
export async function wayTo(test, port) {
  const open = new Set();
  let isCut = false;
  const listener = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(port, "127.0.0.1");
    const drop = () => {
      near.destroy();
      far.destroy();
      open.delete(drop);
    };
    open.add(drop);
    for (const end of [near, far]) end.on("error", drop).on("close", drop);
    near.pipe(far).pipe(near);
  });
  const own = await freePort();
  listener.listen(own, "127.0.0.1");
  await once(listener, "listening");
  const cut = () => {
    isCut = true;
    for (const drop of [...open]) drop();
  };
  atTheEnd(test, async () => {
    cut();
    listener.close();
    await once(listener, "close");
  });
  return {
    port: own,
    cut,
    mend: () => {
      isCut = false;
    },
  };
}
