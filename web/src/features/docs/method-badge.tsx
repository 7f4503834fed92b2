import { cx } from "@/ui/cx";
import type { Method, Operation } from "./document";

const looks: Record<Method, string> = {
  get: "bg-accent-soft text-accent",
  post: "bg-ok-soft text-ok",
  put: "bg-warn-soft text-warn",
  patch: "bg-warn-soft text-warn",
  delete: "bg-danger-soft text-danger",
};

/** Wide enough for the longest method, so that what stands beside it is in one line. */
export function MethodBadge({ operation, small }: { operation: Operation; small?: boolean }) {
  const text = operation["x-socket"]
    ? "WS"
    : operation.method === "delete" && small
      ? "DEL"
      : operation.method.toUpperCase();
  return (
    <span
      dir="ltr"
      className={cx(
        "inline-flex shrink-0 items-center justify-center rounded-sm font-mono text-xs font-medium",
        small ? "min-h-4.5 w-11 text-[0.6875rem]" : "min-h-5.5 w-15",
        looks[operation.method],
      )}
    >
      {text}
    </span>
  );
}
