import type { ComponentProps } from "react";
import { Choice } from "@/ui/choice";

/** One of a few side by side, which moves sideways where it is wider than the screen. */
export function WideChoice<T extends string>(props: ComponentProps<typeof Choice<T>>) {
  return (
    <div className="max-w-full justify-self-start overflow-x-auto p-0.5 [&_label]:whitespace-nowrap">
      <Choice {...props} />
    </div>
  );
}
