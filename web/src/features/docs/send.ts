// Sends what somebody tries through the page's one client, so that headers and proofs are as everywhere else.
import { api, apiBase } from "@/api/client";
import { bodyOf, type Operation } from "./document";
import { addressOf, type Filled, headersOf, isJson } from "./request";

export interface Received {
  status: number;
  statusText: string;
  tookMs: number;
  headers: [string, string][];
  type: string;
  /** Readable texts; an empty answer has none. */
  text: string | null;
  picture: Blob | null;
  bytes: number;
  cut: boolean;
}

/** The client knows each operation by its type; here the operation is known only when somebody presses the button. */
interface AnyClient {
  request: (
    method: string,
    path: string,
    init: {
      body?: unknown;
      bodySerializer?: (body: unknown) => unknown;
      headers: Record<string, string>;
      parseAs: "blob";
      signal: AbortSignal;
    },
  ) => Promise<{ data?: Blob; error?: unknown; response: Response }>;
}

const SHOWN_CHARS = 100_000;

export async function send(operation: Operation, filled: Filled, file: File | null, signal: AbortSignal) {
  const body = bodyOf(operation);
  const headers: Record<string, string> = Object.fromEntries(headersOf(operation, filled));
  if (body) headers["Content-Type"] = isJson(body.type) ? body.type : file?.type || body.type;
  const payload = body && (isJson(body.type) ? filled.body : file);
  const began = performance.now();
  const { data, error, response } = await (api as unknown as AnyClient).request(
    operation.method,
    addressOf(operation, filled).slice(apiBase.length),
    { headers, parseAs: "blob", signal, ...(payload ? { body: payload, bodySerializer: (one) => one } : {}) },
  );
  const ended = performance.now();
  const content = await readable(data, error, response);
  return {
    status: response.status,
    statusText: response.statusText,
    tookMs: Math.round(tookMs(response.url, began) ?? ended - began),
    headers: [...response.headers],
    ...content,
  } satisfies Received;
}

/** How long the network took, without the time that a person needed to prove who they are in between. */
function tookMs(url: string, began: number): number | undefined {
  const last = performance.getEntriesByName(url, "resource").at(-1);
  return last && last.startTime >= began ? last.duration : undefined;
}

type Content = Pick<Received, "type" | "text" | "picture" | "bytes" | "cut">;

async function readable(data: Blob | undefined, error: unknown, response: Response): Promise<Content> {
  const type = response.headers.get("content-type") ?? "";
  const nothing = { type, text: null, picture: null, bytes: 0, cut: false };
  if (data?.size && type.startsWith("image/")) return { ...nothing, picture: data, bytes: data.size };
  const given = data ? await data.text() : typeof error === "string" ? error : error && JSON.stringify(error);
  if (!given) return nothing;
  const text = isJson(type) ? pretty(String(given)) : String(given);
  return {
    ...nothing,
    text: text.slice(0, SHOWN_CHARS),
    bytes: data?.size ?? new Blob([String(given)]).size,
    cut: text.length > SHOWN_CHARS,
  };
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
