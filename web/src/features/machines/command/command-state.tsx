// Where a command stands, and how it ended: a sign, a colour and a word.
import { useTranslation } from "react-i18next";
import type { Command } from "@/api/types";
import { Badge, type Tone } from "@/ui/badge";
import { Icon, type IconName } from "@/ui/icon";

export type Standing = Pick<Command, "state" | "outcome" | "exit_code" | "signal" | "cancel_asked_at" | "problem">;

export function isOpen({ state }: Pick<Command, "state">): boolean {
  return state === "waiting" || state === "written" || state === "sent" || state === "running";
}

/** Whether it did what was wanted. */
export function hasSucceeded({ state, exit_code }: Standing): boolean {
  return state === "ended" && exit_code === 0;
}

export function CommandState({ command }: { command: Standing }) {
  const words = useWords();
  const [tone, icon] = lookOf(command);
  return (
    <Badge tone={tone}>
      <Icon name={icon} className="size-3.5" />
      {words(command)}
    </Badge>
  );
}

/** It was not even asked. */
function wasAway({ state, problem }: Standing): boolean {
  return state === "refused" && problem?.code === "machine_offline";
}

function lookOf(command: Standing): [Tone, IconName] {
  const { state, outcome } = command;
  if (state === "waiting") return ["plain", "clock"];
  if (isOpen(command)) return ["accent", "play"];
  if (hasSucceeded(command)) return ["ok", "check"];
  if (state === "needs_approval") return ["warn", "person"];
  if (state === "expired" || wasAway(command)) return ["plain", "clock"];
  if (state === "ended" && outcome === "cancelled") return ["plain", "stop"];
  return ["danger", state === "unknown" ? "info" : "close"];
}

function useWords() {
  const { t } = useTranslation();
  return (command: Standing): string => {
    const { state, outcome, exit_code, signal } = command;
    if (isOpen(command) && command.cancel_asked_at) return t("commands.state.stopping");
    if (wasAway(command)) return t("commands.state.away");
    if (state !== "ended" || !outcome) return t(`commands.state.${state}`);
    if (outcome === "signalled") return t("commands.state.signalled", { n: signal });
    if (outcome !== "exited") return t(`commands.state.${outcome}`);
    return exit_code === 0 ? t("commands.state.succeeded") : t("commands.state.status", { n: exit_code });
  };
}
