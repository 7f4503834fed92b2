// The places of a request that a field of the form, as it stands, says what is wrong with.
import { fieldsOf } from "@/features/machines/command/draft";
import { isWithin } from "./complaints";
import { type JobDraft, operationPlace, type VariableRow, written } from "./draft";
import { limits } from "./limits";

export function placesOf(draft: JobDraft): string[] {
  const { operation, target, start, retry, concurrency, lost, env, secrets } = draft;
  const repeated = ["retry.delay_ms", "retry.factor", "retry.max_delay_ms", "retry.on"];
  return [
    ...fieldsOf[operation.kind].map(operationPlace),
    ...(target.kind === "any" ? [] : ["target"]),
    ...["name", "queue", "priority", "labels", "timeout_ms", "queue_timeout_ms", "retry.attempts", "artifacts"],
    ...(start === "now" ? [] : ["not_before"]),
    ...limits.map((limit) => `limits.${limit}`),
    ...(Number(retry.attempts) > 1 ? repeated : []),
    "concurrency.key",
    ...(concurrency.key.trim() ? ["concurrency.limit"] : []),
    "after",
    ...(lost.policy === "wait" ? [] : ["lost.after_ms"]),
    ...rowPlaces("env", env, [""]),
    ...rowPlaces("secrets", secrets, [".env", ".secret"]),
  ];
}

/** A job of a schedule waits for no others, and does not say when it begins. */
export function scheduledPlacesOf(draft: JobDraft): string[] {
  return placesOf({ ...draft, start: "now" }).filter((place) => place !== "after");
}

/** Each row says what is wrong with it, and the list itself while it has none. */
function rowPlaces(field: string, rows: VariableRow[], parts: string[]): string[] {
  if (rows.length === 0) return [field];
  return written(rows).flatMap(({ name }, at) => [
    ...parts.map((part) => `${field}[${at}]${part}`),
    `${field}.${name.trim()}`,
  ]);
}

/** What is told of none of these places. */
export function besides<T extends { field: string }>(told: T[], places: string[]): T[] {
  return told.filter(({ field }) => !places.some((place) => isWithin(field, place)));
}
