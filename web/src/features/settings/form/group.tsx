// Several controls under one name, with what is wrong about all of them.
import { type ReactNode, useId } from "react";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";

interface GroupProps {
  label: string;
  hideLabel?: boolean | undefined;
  hint?: ReactNode;
  error?: ReactNode;
  children: ReactNode;
}

export function Group({ label, hideLabel, hint, error, children }: GroupProps) {
  const id = useId();
  return (
    <fieldset aria-describedby={error ? id : undefined} className="grid min-w-0 content-start gap-1.5">
      <legend className={cx("text-sm font-medium", hideLabel ? "sr-only" : "mb-1.5")}>{label}</legend>
      {children}
      {hint && <p className="text-sm text-faint">{hint}</p>}
      {error && (
        <p id={id} className="flex items-start gap-1.5 text-sm text-danger">
          <Icon name="warning" className="mt-0.5 size-4" />
          {error}
        </p>
      )}
    </fieldset>
  );
}
