/** Labels as people write them: a key alone, or a key and its value. */
export function labelTexts(labels: Record<string, string>): string[] {
  return Object.entries(labels).map(([key, value]) => (value === "" ? key : `${key}=${value}`));
}
