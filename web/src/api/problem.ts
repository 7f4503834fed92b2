// Every failure the interface can meet is one ProblemError: what the server said, or why it could not be reached.
import type { Problem } from "./types";

export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ProblemError";
    this.problem = problem;
  }

  get code() {
    return this.problem.code;
  }

  get status() {
    return this.problem.status;
  }
}

/** Reads a problem document; a proxy's HTML page or an empty body still becomes a problem with the right status. */
export async function readProblem(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  return problemFrom(body, response.status, response.headers.get("x-request-id"));
}

export function problemFrom(body: unknown, status: number, requestId: string | null = null): Problem {
  const given = isRecord(body) ? (body as Partial<Problem>) : {};
  return {
    type: given.type ?? "about:blank",
    status: given.status ?? status,
    code: given.code ?? codeForStatus(status),
    title: given.title ?? "",
    detail: given.detail ?? "",
    next: given.next ?? "",
    request_id: given.request_id ?? requestId ?? "",
    errors: given.errors ?? [],
    ...(given.retry_after_s ? { retry_after_s: given.retry_after_s } : {}),
  };
}

/** Turns anything thrown into a ProblemError, so screens need to know one kind of failure. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof TypeError) return new ProblemError(problemFrom({ code: "unreachable" }, 0));
  return new ProblemError(problemFrom({ code: "unexpected", detail: String(error) }, 0));
}

/** Codes that mean "this attempt was wrong", not "your session is over", although they travel with 401. */
const attemptCodes = new Set([
  "credentials_wrong",
  "code_wrong",
  "challenge_expired",
  "link_invalid",
  "passkey_refused",
]);

export function isSessionEnded(error: unknown): boolean {
  return error instanceof ProblemError && error.status === 401 && !attemptCodes.has(error.code);
}

function codeForStatus(status: number): string {
  const known: Record<number, string> = {
    0: "unreachable",
    401: "sign_in_required",
    403: "not_allowed",
    404: "not_found",
    413: "body_too_large",
    429: "too_many_attempts",
    502: "unreachable",
    503: "unavailable",
    504: "unreachable",
  };
  return known[status] ?? (status >= 500 ? "internal_error" : "unexpected");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
