import type { AuditEntry } from "@/api/types";

export interface Repeated {
  /** The newest of them. */
  entry: AuditEntry;
  times: number;
}

/** What one actor did several times in a row becomes one line. */
export function foldRepeats(entries: AuditEntry[]): Repeated[] {
  const folded: Repeated[] = [];
  for (const entry of entries) {
    const last = folded.at(-1);
    if (last && isRepeat(last.entry, entry)) last.times += 1;
    else folded.push({ entry, times: 1 });
  }
  return folded;
}

function isRepeat(newer: AuditEntry, older: AuditEntry): boolean {
  return (
    newer.action === older.action &&
    newer.outcome === older.outcome &&
    newer.actor.kind === older.actor.kind &&
    newer.actor.id === older.actor.id &&
    subjectOf(newer) === subjectOf(older)
  );
}

/** Whom or what it was about, where the entry carries a name for it. */
export function subjectOf({ metadata, resource }: AuditEntry): string | null {
  for (const value of [metadata.email, metadata.name]) if (typeof value === "string" && value) return value;
  return resource?.kind === "operation" ? resource.id : null;
}
