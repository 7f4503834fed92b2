// The same for one machine after another. What fails for one does not keep it from the others; then it is told.
import type { Machine } from "@/api/types";

export async function forEachMachine(machines: Machine[], work: (machine: Machine) => Promise<unknown>) {
  let first: unknown;
  let hasFailed = false;
  for (const machine of machines) {
    try {
      await work(machine);
    } catch (error) {
      first ??= error;
      hasFailed = true;
    }
  }
  if (hasFailed) throw first;
}
