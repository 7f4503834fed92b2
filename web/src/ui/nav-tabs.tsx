// Tabs that are places: each has an address, so a tab can be linked to and the back button works.
import { Link, type LinkProps, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useFormat } from "@/i18n/format";
import { Badge } from "./badge";

interface NavTab {
  to: LinkProps["to"];
  params?: Record<string, string>;
  search?: Record<string, unknown>;
  label: string;
  /** How many there are behind it, where that is news. */
  count?: number | undefined;
  /** There are more than were counted. */
  more?: boolean | undefined;
}

export function NavTabs({ label, tabs }: { label: string; tabs: NavTab[] }) {
  const nav = useRef<HTMLElement>(null);
  const format = useFormat();
  const { pathname } = useLocation();
  // Where they are wider than the screen, the one that is open is seen all the same.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is for each place anew
  useEffect(() => {
    nav.current?.querySelector("[aria-current=page]")?.scrollIntoView?.({ block: "nearest", inline: "center" });
  }, [pathname]);
  return (
    <nav ref={nav} aria-label={label} className="-mx-4 overflow-x-auto border-b border-line px-4 sm:mx-0 sm:px-0">
      <ul className="flex gap-6">
        {tabs.map((tab) => (
          <li key={tab.label}>
            <Link
              to={tab.to}
              params={(tab.params ?? {}) as never}
              search={(tab.search ?? {}) as never}
              activeOptions={
                tab.search ? { exact: false, explicitUndefined: true } : { exact: true, includeSearch: false }
              }
              className="-mb-px flex min-h-10 items-center gap-2 border-b-2 border-transparent whitespace-nowrap text-muted outline-offset-[-2px] transition-colors hover:text-ink aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink"
            >
              {tab.label}
              {Boolean(tab.count) && (
                <Badge>
                  <bdi>{`${format.number(tab.count ?? 0)}${tab.more ? "+" : ""}`}</bdi>
                </Badge>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
