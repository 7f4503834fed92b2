// A page whose code is fetched when it is first opened. When that fails because the server is away, the page says so
// and offers another try; when the file is gone because the server was updated, the router loads everything anew.
import { lazyRouteComponent } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { ProblemError, problemFrom } from "@/api/problem";

export function page(load: () => Promise<{ default: ComponentType }>) {
  return lazyRouteComponent(() =>
    load().catch(async (error: unknown) => {
      const there = await fetch("/theme.js", { method: "HEAD", cache: "no-store" }).then(
        () => true,
        () => false,
      );
      throw there ? error : new ProblemError(problemFrom({ code: "unreachable" }, 0));
    }),
  );
}
