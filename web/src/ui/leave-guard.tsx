// Warns before what was written is lost: within the dashboard by a dialog, elsewhere by the browser's own.
import { useBlocker } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Button } from "./button";
import { Dialog, DialogActions } from "./dialog";

interface LeaveGuardProps {
  /** Whether anything would be lost. */
  isOn: boolean;
  /** Asked in the moment of leaving: what was saved just now is lost no more. */
  isSaved?: () => boolean;
  title: string;
  text: ReactNode;
  leave: string;
  stay: string;
}

const never = () => false;

export function LeaveGuard({ isOn, isSaved = never, title, text, leave, stay }: LeaveGuardProps) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => !isSaved() && current.pathname !== next.pathname,
    enableBeforeUnload: () => isOn && !isSaved(),
    disabled: !isOn,
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  return (
    <Dialog open onClose={blocker.reset} title={title} description={text}>
      <DialogActions>
        <Button onClick={blocker.proceed}>{leave}</Button>
        <Button look="primary" onClick={blocker.reset}>
          {stay}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
