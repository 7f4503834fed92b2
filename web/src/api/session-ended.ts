// Where the end of a session is announced; the router listens and leads to the sign-in page.
let listener = () => {};
let leaving = false;

export function sessionEnded() {
  if (!leaving) listener();
}

export function onSessionEnded(run: () => void) {
  listener = run;
}

/** While somebody signs out, the end of the session is no news. */
export async function whileLeaving(work: () => Promise<void>) {
  leaving = true;
  try {
    await work();
  } finally {
    leaving = false;
  }
}
