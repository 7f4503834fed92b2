// What a job does: what a command can do, written as there.
import { OperationForm } from "@/features/machines/command/operation-form";
import { USUAL_ROOT } from "./draft";
import type { PartProps } from "./job-fields";

export function WhatFields({ draft, set, complaints }: PartProps) {
  return (
    <div className="grid gap-4">
      <OperationForm draft={draft.operation} roots={[USUAL_ROOT]} onChange={(operation) => set({ operation })} />
      {complaints.at("operation") && (
        <p role="alert" className="text-sm text-danger">
          {complaints.at("operation")}
        </p>
      )}
    </div>
  );
}
