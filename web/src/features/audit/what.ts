import type { AuditEntry } from "@/api/types";

/** What was to be done, in the words of the command, where an entry tells it. */
export function operationOf({ metadata }: Pick<AuditEntry, "metadata">): string | null {
  const operation = metadata.operation;
  return typeof operation === "string" && operation !== "" ? operation : null;
}
