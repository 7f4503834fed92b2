import { describe, expect, it } from "vitest";
import { isSessionEnded, ProblemError, problemFrom } from "@/api/problem";
import { wrongPassword } from "./wrong-password";

const refused = (code: string) => new ProblemError(problemFrom({ code, detail: "No." }, 401));

describe("a wrong password", () => {
  it("is told beside its field and ends no session", () => {
    const told = wrongPassword(refused("credentials_wrong"), "secret");
    expect(isSessionEnded(told)).toBe(false);
    expect((told as ProblemError).problem.errors).toEqual([
      { field: "secret", code: "current_password_wrong", message: "No." },
    ]);
  });

  it("is all that is told so; a session that ended has ended", () => {
    expect(isSessionEnded(wrongPassword(refused("session_ended"), "secret"))).toBe(true);
  });
});
