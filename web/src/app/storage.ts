// Remembers a few choices on this device. Storage may be blocked, and then a choice lasts until the page is left.
type Key = "theme" | "language" | "setup-hidden" | "backup-planned" | "machines-view" | "terminal-reader" | "log-wrap";

export function remember(key: Key, value: string) {
  try {
    localStorage.setItem(`diwan.${key}`, value);
  } catch {
    // The choice still applies to this page.
  }
}

export function recall(key: Key): string | null {
  try {
    return localStorage.getItem(`diwan.${key}`);
  } catch {
    return null;
  }
}
