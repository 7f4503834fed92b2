import type { ReactNode } from "react";
import { cx } from "@/ui/cx";

/** Names on one side, what is known on the other; below each other where there is no room. */
export function Facts({ className, children }: { className?: string; children: ReactNode }) {
  return (
    <dl className={cx("grid gap-x-8 gap-y-1 sm:grid-cols-[minmax(8rem,auto)_1fr] sm:gap-y-2.5", className)}>
      {children}
    </dl>
  );
}

export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-faint max-sm:mt-1.5 max-sm:text-sm">{label}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}

export function Code({ children }: { children: ReactNode }) {
  return (
    <bdi dir="ltr" className="font-mono text-sm break-all">
      {children}
    </bdi>
  );
}
