// Events that carry what they tell: whoever shows it takes it from here, and nothing has to be asked.
import type { LiveEvent } from "./client";

type Listener = (data: unknown) => void;

const listeners = new Map<string, Set<Listener>>();

/** So often comes a sample of a watched machine that lists must not be fetched anew for it. */
const carrying = new Set(["machine.sample"]);

/** Tells those who listen. Says whether what is shown of the topic is stale besides. */
export function announce({ name, data }: LiveEvent): boolean {
  for (const listener of listeners.get(name) ?? []) listener(data);
  return !carrying.has(name);
}

/** Listens until the function that it returns is called. */
export function hear(name: string, listener: Listener): () => void {
  const all = listeners.get(name) ?? new Set();
  all.add(listener);
  listeners.set(name, all);
  return () => all.delete(listener);
}
