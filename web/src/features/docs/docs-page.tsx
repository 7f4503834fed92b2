// The API reference: Scalar, bundled with the dashboard and fed by this server's own OpenAPI document.
// It draws its theme with style elements, so the server gives this page (and only this page) a wider style policy;
// every way in and out of it is therefore a full page load.
import { createApiReference } from "@scalar/api-reference";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import "@scalar/api-reference/style.css";
import "./docs.css";
import { apiBase } from "@/api/client";
import { Icon } from "@/ui/icon";
import { Logo } from "@/ui/logo";
import { useTitle } from "@/ui/page";

export default function DocsPage() {
  const { t } = useTranslation();
  const place = useRef<HTMLDivElement>(null);
  useTitle(t("places.docs"));

  useEffect(() => {
    if (!place.current) return undefined;
    const reference = createApiReference(place.current, {
      url: `${apiBase}/openapi.json`,
      theme: "none",
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      hideDarkModeToggle: true,
      forceDarkModeState: document.documentElement.dataset.theme === "light" ? "light" : "dark",
      showDeveloperTools: "never",
      agent: { disabled: true },
    });
    return () => reference.destroy();
  }, []);

  return (
    <div className="docs">
      <header className="sticky top-0 z-40 flex h-14 items-center gap-4 border-b border-line bg-bg px-4">
        <a href="/" className="rounded-md">
          <Logo />
        </a>
        <h1 className="border-s border-line ps-4 font-medium text-muted">{t("places.docs")}</h1>
        <a
          href={`${apiBase}/openapi.json`}
          download
          className="ms-auto inline-flex min-h-9 items-center gap-2 rounded-md px-2 text-muted hover:bg-raised hover:text-ink"
        >
          <Icon name="download" />
          <span dir="ltr">openapi.json</span>
        </a>
      </header>
      <main dir="ltr" lang="en" ref={place} />
    </div>
  );
}
