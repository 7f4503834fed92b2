// Where the end of a session is announced; the router listens and leads to the sign-in page.
let listener = () => {};

export function sessionEnded() {
  listener();
}

export function onSessionEnded(run: () => void) {
  listener = run;
}
