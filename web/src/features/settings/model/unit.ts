// What a number counts, by the name of its key: 10080 minutes are easier read as 7 days.

const seconds: Record<string, number> = { s: 1, minutes: 60, hours: 3600 };
const bytes: Record<string, number> = { bytes: 1, kib: 1024 };

export interface Unit {
  seconds?: number;
  bytes?: number;
}

export function unitOf(key: string): Unit {
  if (/_per_/.test(key)) return {};
  const last = key.split("_").at(-1) ?? "";
  return {
    ...(seconds[last] ? { seconds: seconds[last] } : {}),
    ...(bytes[last] ? { bytes: bytes[last] } : {}),
  };
}
