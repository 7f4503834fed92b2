// The filters in the address bar, as the server wants them: whole days become exact moments.
import type { AuditSearch } from "@/app/search";

export function toServerFilters({ actor, action, resource, outcome, since, until, search }: AuditSearch) {
  return { actor, action, resource, outcome, search, since: startOf(since), until: endOf(until) };
}

export function exportUrl(base: string, format: "jsonl" | "csv", search: AuditSearch): string {
  const query = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(toServerFilters(search))) if (value) query.set(name, value);
  return `${base}/audit/export?${query}`;
}

export function isFiltered(search: AuditSearch): boolean {
  return countFilters(search) > 0;
}

export function countFilters({ view: _view, ...filters }: AuditSearch): number {
  return Object.values(filters).filter((value) => value !== undefined).length;
}

function startOf(day: string | undefined): string | undefined {
  return moment(day, "00:00:00.000");
}

function endOf(day: string | undefined): string | undefined {
  return moment(day, "23:59:59.999");
}

function moment(day: string | undefined, time: string): string | undefined {
  if (!day) return undefined;
  const date = new Date(`${day}T${time}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
