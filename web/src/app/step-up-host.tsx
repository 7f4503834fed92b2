// Opens the proof dialog when a call needs it. The dialog's code is fetched at that moment.
import { lazy, Suspense, useEffect, useState } from "react";
import { stepUpPrompt } from "@/api/client";

const StepUpDialog = lazy(() => import("@/features/identity/step-up-dialog"));

export function StepUpHost() {
  const [open, setOpen] = useState(false);
  useEffect(() => stepUpPrompt.listen(setOpen), []);
  if (!open) return null;
  return (
    <Suspense>
      <StepUpDialog onSettled={stepUpPrompt.settle} />
    </Suspense>
  );
}
