// A real OpenID Connect provider, run by the test.
import { once } from "node:events";
import Provider from "oidc-provider";
import { atTheEnd } from "./ending.mjs";

export const CLIENT = { client_id: "diwan", client_secret: "a secret that both sides know, long enough" };

/** Starts it for a client that comes back to `redirectUri`. Whoever signs in there gets an address of that name. */
export async function startProvider(test, { port, redirectUri }) {
  const issuer = `http://localhost:${port}`;
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [redirectUri] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    cookies: { keys: ["only for tests"] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, name: sub, email: `${sub}@example.com`, email_verified: true }),
    }),
  });
  // It warns about the convenience of the built-in forms, which is what a test wants.
  provider.on("server_error", (_, error) => console.error(error));
  const server = provider.listen(port, "127.0.0.1");
  await once(server, "listening");
  atTheEnd(test, async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return { issuer };
}
