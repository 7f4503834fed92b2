import type { ReactNode } from "react";
import { Icon } from "./icon";

/** What only some want to know, behind a line that opens. */
export function More({ label, children }: { label: string; children: ReactNode }) {
  return (
    <details className="group text-sm">
      <summary className="inline-flex min-h-7 list-none items-center gap-1 rounded-sm text-muted hover:text-ink pointer-coarse:min-h-10 [&::-webkit-details-marker]:hidden">
        <Icon name="chevron" className="size-3.5 transition-transform group-open:rotate-90 rtl:group-open:-rotate-90" />
        {label}
      </summary>
      <div className="mt-1">{children}</div>
    </details>
  );
}
