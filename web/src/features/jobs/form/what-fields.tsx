// What a job does: what a command can do, written as there.
import { OperationForm } from "@/features/machines/command/operation-form";
import { operationPlace, USUAL_ROOT } from "./draft";
import type { PartProps } from "./job-fields";

export function WhatFields({ draft, set, complaints }: PartProps) {
  return (
    <OperationForm
      draft={draft.operation}
      roots={[USUAL_ROOT]}
      errorAt={(field) => complaints.at(operationPlace(field))}
      onChange={(operation) => set({ operation })}
    />
  );
}
