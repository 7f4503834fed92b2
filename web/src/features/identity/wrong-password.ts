import { ProblemError } from "@/api/problem";

/** Where nobody was asked for an e-mail address, the complaint belongs to the one field it can be about. */
export function wrongPassword(error: unknown, field: string): unknown {
  if (!(error instanceof ProblemError) || error.code !== "credentials_wrong") return error;
  const errors = [{ field, code: "current_password_wrong", message: error.problem.detail }];
  // Not 401 any more: the session goes on, only this entry was wrong.
  return new ProblemError({ ...error.problem, status: 422, code: "fields_invalid", errors });
}
