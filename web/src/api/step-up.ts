// A dangerous action answers 403 step_up_required when the last proof of identity is too old.
// The sender then asks the person for a fresh proof and repeats the very same call.
import { readProblem } from "./problem";

export type Send = (request: Request) => Promise<Response>;

interface Proof {
  /** Asks the person; resolves true once the server accepted a proof, false when they gave up. */
  ask: () => Promise<boolean>;
  newKey: () => string;
}

export function withStepUp(send: Send, proof: Proof): Send {
  return async (request) => {
    // A request body can be read once, so the copy is made before the first attempt.
    const copy = request.clone();
    const response = await send(request);
    if (response.status !== 403) return response;
    const problem = await readProblem(response.clone());
    if (problem.code !== "step_up_required" || !(await proof.ask())) return response;
    // The refused attempt may be remembered under its key, so the repeated call carries a new one.
    if (copy.headers.has("Idempotency-Key")) copy.headers.set("Idempotency-Key", proof.newKey());
    return send(copy);
  };
}

type Listener = (pending: boolean) => void;

/** Joins callers that need a proof at the same moment into one dialog. */
export class StepUpPrompt {
  #waiting: ((proven: boolean) => void)[] = [];
  #listener: Listener = () => {};

  ask = (): Promise<boolean> =>
    new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#listener(true);
    });

  settle = (proven: boolean) => {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#listener(false);
    for (const resolve of waiting) resolve(proven);
  };

  listen = (listener: Listener) => {
    this.#listener = listener;
    return () => {
      this.#listener = () => {};
    };
  };
}
