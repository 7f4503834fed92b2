// The API as a program uses it, to arrange what a test needs and to look at what it caused.
import { listen } from "./live.mjs";

export const PASSWORD = "a long and quiet river of words";

/** A client of the API with an access token. */
export class Api {
  constructor(url, token) {
    this.url = url;
    this.token = token;
  }

  async call(method, path, body) {
    const headers = { accept: "application/json" };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  get(path) {
    return this.call("GET", path);
  }

  post(path, body) {
    return this.call("POST", path, body);
  }

  patch(path, body) {
    return this.call("PATCH", path, body);
  }
}

/** Makes the first owner and signs them in as a program. */
export async function claimOwner(server, { name = "Amina", email = "amina@example.com", language } = {}) {
  const anonymous = new Api(server.url);
  const token = decodeURIComponent(server.setupLink.split("#token=")[1]);
  await anonymous.post("/setup/owner", { token, email, name, password: PASSWORD, ...(language ? { language } : {}) });
  return { name, email, password: PASSWORD, api: await signInAsProgram(server, email) };
}

export async function signInAsProgram(server, email, password = PASSWORD) {
  const result = await new Api(server.url).post("/auth/password", { email, password, deliver: "tokens" });
  return new Api(server.url, result.tokens.access_token);
}

/** Invites somebody and accepts for them. */
export async function addPerson(server, owner, { name, email, role = "developer" }) {
  const { link } = await owner.api.post("/invitations", { email, role });
  const token = decodeURIComponent(link.split("#token=")[1]);
  await new Api(server.url).post("/invitations/accept", { token, name, password: PASSWORD });
  return { name, email, password: PASSWORD, api: await signInAsProgram(server, email) };
}

/** The newest mail to an address. It is written after the answer that promised it, together with an audit entry. */
export async function newestMail(owner, to) {
  const feed = await listen(owner.api, ["audit"]);
  try {
    for (;;) {
      const { items } = await owner.api.get("/outbox");
      const mail = items.find((one) => one.to === to);
      if (mail) return mail;
      await feed.hear("event");
    }
  } finally {
    feed.close();
  }
}

export function linkIn(mail) {
  return /https?:\/\/\S+/.exec(mail.body_text)[0];
}
