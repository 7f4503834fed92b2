// The results of one command on many machines, in an order that helps: what failed first, then what still runs.
import type { Command } from "@/api/types";
import { hasSucceeded, isOpen } from "../command/command-state";

/** One line a machine: a command that was sent again with somebody's yes takes the place of the one before. */
export function resultsOf(commands: Command[]): Command[] {
  const replaced = new Set(
    commands.flatMap((command) => [command.approved_as ? command.id : "", command.retry_of ?? ""]),
  );
  const left = commands.filter((command) => !replaced.has(command.id));
  return left.sort(
    (one, other) => weight(one) - weight(other) || one.machine_name.localeCompare(other.machine_name, "en"),
  );
}

function weight(command: Command): number {
  if (isOpen(command)) return 1;
  return hasSucceeded(command) ? 2 : 0;
}
