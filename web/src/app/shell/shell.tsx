// The frame around every signed-in page: side bar, top bar on a phone, live connection, palette and shortcuts.
import { Outlet, useLocation } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { sessionEnded } from "@/api/session-ended";
import { setLanguage } from "@/i18n";
import { useLive } from "@/live/use-live";
import { IconButton } from "@/ui/button";
import { Logo } from "@/ui/logo";
import { useMe } from "../me";
import { PageSkeleton } from "../route-states";
import { applyTheme } from "../theme";
import { TimeZoneContext } from "../time-zone";
import { useFocusOnArrival } from "../use-focus-on-arrival";
import { useShortcuts } from "../use-shortcuts";
import { Duty } from "./duty";
import { LiveBadge } from "./live-badge";
import { SideBar } from "./side-bar";

const Palette = lazy(() => import("../palette/palette"));
const ShortcutSheet = lazy(() => import("../palette/shortcut-sheet"));
const Drawer = lazy(() => import("./drawer"));

type Overlay = "palette" | "shortcuts" | "drawer";

export default function Shell() {
  const { t } = useTranslation();
  const { user } = useMe();
  const { pathname } = useLocation();
  const [opened, setOpened] = useState<{ overlay: Overlay; over: string } | null>(null);
  const live = useLive(sessionEnded);
  // What lay over one page is gone on the next.
  const overlay = opened?.over === pathname ? opened.overlay : null;
  const setOverlay = (next: Overlay) => setOpened({ overlay: next, over: pathname });
  const close = () => setOpened(null);
  useShortcuts({ openPalette: () => setOverlay("palette"), openSheet: () => setOverlay("shortcuts") });

  // The profile is the authority: signing in on a new device brings theme and language along.
  useEffect(() => applyTheme(user.theme), [user.theme]);
  useEffect(() => void setLanguage(user.language), [user.language]);
  useFocusOnArrival(pathname);

  return (
    <TimeZoneContext value={user.time_zone}>
      <a
        href="#main"
        className="sr-only z-60 rounded-md bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:fixed focus:start-4 focus:top-4"
      >
        {t("shell.skip")}
      </a>
      <div className="lg:grid lg:grid-cols-[15.5rem_1fr]">
        <aside className="sticky top-0 z-10 hidden h-dvh border-e border-line lg:block">
          <SideBar onSearch={() => setOverlay("palette")} />
        </aside>
        <div className="min-w-0">
          <header className="sticky top-0 z-40 flex h-14 items-center gap-1 border-b border-line bg-bg px-2 lg:hidden">
            <IconButton icon="menu" label={t("shell.open_menu")} onClick={() => setOverlay("drawer")} />
            <Logo className="flex-1" />
            <IconButton icon="search" label={t("shell.search")} onClick={() => setOverlay("palette")} />
          </header>
          <main id="main" tabIndex={-1} className="outline-none">
            <Suspense fallback={<PageSkeleton />}>
              <Duty>
                <Outlet />
              </Duty>
            </Suspense>
          </main>
        </div>
      </div>
      <LiveBadge state={live} />
      <Suspense>
        {overlay === "palette" && <Palette onClose={close} onShortcuts={() => setOverlay("shortcuts")} />}
        {overlay === "shortcuts" && <ShortcutSheet onClose={close} />}
        {overlay === "drawer" && <Drawer onClose={close} onSearch={() => setOverlay("palette")} />}
      </Suspense>
    </TimeZoneContext>
  );
}
