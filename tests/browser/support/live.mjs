// The live feed as a program hears it: one WebSocket, of which only as much is spoken here as it takes.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";

const TEXT = 0x81;
const MASKED = 0x80;
const LONGER = 126;

/** Opens the feed and waits until it listens to these topics. Who says nothing more is hung up on by the server. */
export async function listen({ url, token }, topics) {
  const headers = {
    authorization: `Bearer ${token}`,
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": randomBytes(16).toString("base64"),
  };
  const [, socket, head] = await once(request(`${url}/api/v1/live`, { headers }).end(), "upgrade");
  const feed = new Feed(socket, head);
  feed.say({ type: "subscribe", topics });
  await feed.hear("subscribed");
  return feed;
}

class Feed {
  constructor(socket, head) {
    this.socket = socket;
    this.bytes = head;
    this.pieces = socket[Symbol.asyncIterator]();
  }

  /** A short text, masked with zeros: a client must mask. */
  say(message) {
    const text = Buffer.from(JSON.stringify(message));
    this.socket.write(Buffer.concat([Buffer.from([TEXT, MASKED | text.length, 0, 0, 0, 0]), text]));
  }

  /** The next message of this type. */
  async hear(type) {
    for (;;) {
      const { kind, payload } = await this.#frame();
      if (kind !== TEXT) throw new Error(`the feed ended before it said ${type}`);
      const message = JSON.parse(payload);
      if (message.type === type) return message;
    }
  }

  async #frame() {
    const [kind, length] = await this.#take(2);
    const payload = await this.#take(length === LONGER ? (await this.#take(2)).readUInt16BE() : length);
    return { kind, payload };
  }

  async #take(length) {
    while (this.bytes.length < length) {
      const { value, done } = await this.pieces.next();
      if (done) throw new Error("the feed was cut off");
      this.bytes = Buffer.concat([this.bytes, value]);
    }
    const taken = this.bytes.subarray(0, length);
    this.bytes = this.bytes.subarray(length);
    return taken;
  }

  close() {
    this.socket.destroy();
  }
}
