// The one way to the server: typed by the OpenAPI document, with the headers every write needs.
import createClient, { type Middleware } from "openapi-fetch";
import { ProblemError, problemFrom, toProblem } from "./problem";
import type { paths } from "./schema";
import { StepUpPrompt, withStepUp } from "./step-up";

export const apiBase = "/api/v1";
export const stepUpPrompt = new StepUpPrompt();

const writing: Middleware = {
  onRequest({ request }) {
    if (request.method === "GET" || request.method === "HEAD") return undefined;
    request.headers.set("X-Diwan-Csrf", "1");
    // What is only judged or watched can be asked again without a key, and is, with every pause in typing.
    if (!/\/(validate|check|watch|preview)$/.test(request.url)) request.headers.set("Idempotency-Key", newKey());
    return request;
  },
};

export const api = createClient<paths>({
  baseUrl: new URL(apiBase, globalThis.location?.origin ?? "http://localhost").href,
  credentials: "same-origin",
  fetch: withStepUp((request) => fetch(request), { ask: stepUpPrompt.ask, newKey }),
});
api.use(writing);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Gives the body of a good answer and throws a ProblemError for everything else. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw toProblem(error);
  }
  const { data, error, response } = answer;
  if (!response.ok) throw new ProblemError(problemFrom(error, response.status, response.headers.get("x-request-id")));
  return data as T;
}

/** crypto.randomUUID exists only on secure origins, and a home network may serve Diwan over plain HTTP. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
