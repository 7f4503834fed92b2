// Passkeys: the browser speaks in bytes, the server in base64url; this file translates between the two.
import { ProblemError, problemFrom } from "@/api/problem";

type Json = Record<string, unknown>;

/** The OpenAPI document leaves the inside of a credential open, and so does its type. */
type CredentialJson = Record<string, never>;

export function passkeysSupported(): boolean {
  return typeof PublicKeyCredential !== "undefined";
}

export async function createPasskey(options: unknown): Promise<CredentialJson> {
  const publicKey = innerOptions(options);
  const credential = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        user: { ...(publicKey.user as Json), id: bytes((publicKey.user as Json).id) },
        excludeCredentials: descriptors(publicKey.excludeCredentials),
      } as unknown as PublicKeyCredentialCreationOptions,
    }),
  );
  const response = credential.response as AuthenticatorAttestationResponse;
  return message(credential, {
    clientDataJSON: base64url(response.clientDataJSON),
    attestationObject: base64url(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
}

export async function provePasskey(options: unknown): Promise<CredentialJson> {
  const publicKey = innerOptions(options);
  const credential = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        allowCredentials: descriptors(publicKey.allowCredentials),
      } as unknown as PublicKeyCredentialRequestOptions,
    }),
  );
  const response = credential.response as AuthenticatorAssertionResponse;
  return message(credential, {
    clientDataJSON: base64url(response.clientDataJSON),
    authenticatorData: base64url(response.authenticatorData),
    signature: base64url(response.signature),
    userHandle: response.userHandle ? base64url(response.userHandle) : null,
  });
}

/** The browser throws one error for "cancelled", "timed out" and "no such passkey"; people get one clear sentence. */
async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!passkeysSupported()) throw new ProblemError(problemFrom({ code: "passkey_unsupported" }, 0));
  try {
    const credential = await ask();
    if (credential) return credential as PublicKeyCredential;
  } catch (error) {
    const known = error instanceof DOMException && error.name === "InvalidStateError";
    throw new ProblemError(problemFrom({ code: known ? "passkey_known" : "passkey_cancelled" }, 0));
  }
  throw new ProblemError(problemFrom({ code: "passkey_cancelled" }, 0));
}

function innerOptions(options: unknown): Json {
  const outer = options as Json;
  return (outer.publicKey ?? outer) as Json;
}

function message(credential: PublicKeyCredential, response: Json): CredentialJson {
  const json: Json = {
    id: credential.id,
    rawId: base64url(credential.rawId),
    type: credential.type,
    response,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
  return json as CredentialJson;
}

function descriptors(list: unknown) {
  return ((list as Json[] | undefined) ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
}

function bytes(text: unknown): Uint8Array {
  const binary = atob(String(text).replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

function base64url(buffer: ArrayBuffer): string {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
