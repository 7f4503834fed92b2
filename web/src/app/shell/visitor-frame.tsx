// The frame of a page that is open to everybody, for who is not signed in.
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { setLanguage } from "@/i18n";
import { buttonLook, IconButton } from "@/ui/button";
import { Logo } from "@/ui/logo";
import { PageSkeleton } from "../route-states";
import { applyTheme, chosenTheme, themes } from "../theme";

export default function VisitorFrame() {
  const { t, i18n } = useTranslation();
  const { href } = useLocation();
  const [theme, setTheme] = useState(chosenTheme);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system";
  const other = i18n.language === "ar" ? "en" : "ar";
  return (
    <>
      <a
        href="#main"
        className="sr-only z-60 rounded-md bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:fixed focus:start-4 focus:top-4"
      >
        {t("shell.skip")}
      </a>
      <header className="sticky top-0 z-40 flex h-14 items-center gap-1 border-b border-line bg-bg px-4 sm:px-6">
        <Link to="/" className="me-auto rounded-md">
          <Logo />
        </Link>
        <IconButton
          icon="theme"
          label={t("shell.theme_next", { theme: t(`theme.${next}`) })}
          onClick={() => {
            applyTheme(next);
            setTheme(next);
          }}
        />
        <button
          type="button"
          onClick={() => void setLanguage(other)}
          className="min-h-9 rounded-md px-2 text-muted hover:bg-raised hover:text-ink pointer-coarse:min-h-11"
        >
          {other === "en" ? (
            <span lang="en">English</span>
          ) : (
            <span lang="ar" className="font-system">
              العربية
            </span>
          )}
        </button>
        <Link to="/sign-in" search={{ return_to: href }} className={buttonLook("primary", "sm")}>
          {t("sign_in.action")}
        </Link>
      </header>
      <main id="main" tabIndex={-1} className="outline-none">
        <Suspense fallback={<PageSkeleton />}>
          <Outlet />
        </Suspense>
      </main>
    </>
  );
}
