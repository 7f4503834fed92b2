// Where to go after signing in. Only a path of this very dashboard is accepted: a link that someone else made
// must not be able to send a freshly signed-in person to another site or run a script.

const signInPages = /^\/(sign-in|welcome|join)(\/|\?|#|$)/;

export function safeReturnTo(value: unknown, origin = location.origin): string {
  if (typeof value !== "string" || !value.startsWith("/")) return "/";
  // Browsers drop tabs and line breaks and read a backslash as a slash, so "/\evil" would become "//evil".
  if (hasControlOrBackslash(value)) return "/";
  const url = parse(value, origin);
  if (url?.origin !== origin) return "/";
  const path = url.pathname + url.search + url.hash;
  // Dots can fold into "//evil" only after parsing, and returning to a sign-in page would turn in circles.
  if (path.startsWith("//") || signInPages.test(path)) return "/";
  return path;
}

function parse(value: string, origin: string): URL | null {
  try {
    return new URL(value, origin);
  } catch {
    return null;
  }
}

function hasControlOrBackslash(value: string): boolean {
  return [...value].some((char) => char === "\\" || char < " " || char === "\u007f");
}
