/** What a sentence of the machine names, such as a program or a path: it stands between backticks. */
export function namesIn(words: string): string[] {
  return Array.from(words.matchAll(/`([^`]+)`/g), ([, name]) => name ?? "");
}
