import { describe, expect, it } from "vitest";
import { isSessionEnded, ProblemError, problemFrom, readProblem, toProblem } from "./problem";

describe("a failure", () => {
  it("keeps everything a problem document says", async () => {
    const body = { code: "last_owner", status: 409, title: "t", detail: "d", next: "n", request_id: "req_1" };
    const problem = await readProblem(new Response(JSON.stringify(body), { status: 409 }));
    expect(problem).toMatchObject(body);
  });

  it("gets a code from the status when a proxy answers with a page", async () => {
    const problem = await readProblem(new Response("<h1>Bad Gateway</h1>", { status: 502 }));
    expect(problem).toMatchObject({ code: "unreachable", status: 502 });
  });

  it("takes the request id from the header when the body has none", async () => {
    const headers = { "x-request-id": "req_9" };
    const problem = await readProblem(new Response("", { status: 500, headers }));
    expect(problem).toMatchObject({ code: "internal_error", request_id: "req_9" });
  });

  it("is 'unreachable' when the network breaks", () => {
    expect(toProblem(new TypeError("Failed to fetch")).code).toBe("unreachable");
  });
});

describe("the end of a session", () => {
  const error = (status: number, code: string) => new ProblemError(problemFrom({ code }, status));

  it("is a 401 that is not about the attempt itself", () => {
    expect(isSessionEnded(error(401, "sign_in_required"))).toBe(true);
    expect(isSessionEnded(error(401, "credentials_wrong"))).toBe(false);
    expect(isSessionEnded(error(401, "code_wrong"))).toBe(false);
  });

  it("is not a refusal or a broken network", () => {
    expect(isSessionEnded(error(403, "not_allowed"))).toBe(false);
    expect(isSessionEnded(new TypeError("Failed to fetch"))).toBe(false);
  });
});
