// Beside a no for which no rule is the cause: a rule for exactly this command may be asked for.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { CommandOperation, CommandVerdict, Machine } from "@/api/types";
import { Button } from "@/ui/button";
import { AskDialog } from "./ask-dialog";
import { proposalFor } from "./proposal";

interface AskForCommandProps {
  machine: Machine;
  operation: CommandOperation | null;
  verdict: CommandVerdict | undefined;
}

/** A program that the policy does not name cannot be had by a rule. */
const NO_MATTER_OF_RULES = ["program_not_listed", "no_policy", "hidden_character", "root_unknown"];

export function AskForCommand({ machine, operation, verdict }: AskForCommandProps) {
  const { t } = useTranslation();
  const [text, setText] = useState<string | null>(null);
  const isMissing = verdict?.decision === "deny" && !verdict.rule;
  const isOffered = isMissing && !verdict.reasons.some(({ code }) => NO_MATTER_OF_RULES.includes(code));
  if (!isOffered || operation?.kind !== "exec") return null;
  return (
    <div className="mt-2">
      <Button onClick={() => setText(proposalFor(operation.argv))}>{t("machines.rules.action")}</Button>
      {text !== null && <AskDialog machine={machine} text={text} onClose={() => setText(null)} />}
    </div>
  );
}
