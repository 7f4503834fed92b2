/** A day of a date field as the moment at which it ends here; nothing typed is null. */
export function endOfDay(day: string): string | null {
  if (!day) return null;
  const date = new Date(`${day}T23:59:59`);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** The other way round, for a date field that begins with what is there. */
export function dayOf(at: string | null | undefined): string {
  if (!at) return "";
  const date = new Date(at);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
