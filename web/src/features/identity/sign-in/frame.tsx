// The frame of every page before the dashboard: the form on one side, the hall on the other.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { setupQuery } from "@/api/queries";
import { applyTheme, chosenTheme, themes } from "@/app/theme";
import { setLanguage } from "@/i18n";
import { Icon } from "@/ui/icon";
import { Logo } from "@/ui/logo";
import { useTitle } from "@/ui/page";
import { Hall } from "./hall";

interface FrameProps {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
}

export function Frame({ title, lead, children }: FrameProps) {
  useTitle(title);
  const setup = useQuery(setupQuery);
  const instance = setup.data?.instance_name;
  return (
    <div className="min-h-dvh bg-surface lg:grid lg:grid-cols-[minmax(30rem,1fr)_1.1fr]">
      <div className="flex min-h-dvh flex-col px-6 py-6 sm:px-12">
        <header className="flex items-center gap-3">
          <Logo />
          {instance && instance !== "Diwan" && <bdi className="border-s border-line ps-3 text-muted">{instance}</bdi>}
        </header>
        <main className="mx-auto flex w-full max-w-sm flex-1 flex-col justify-center py-10">
          <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
          {lead && <div className="mt-2 text-muted">{lead}</div>}
          <div className="mt-7">{children}</div>
        </main>
        <Footer version={setup.data?.product_version} />
      </div>
      <Hall />
    </div>
  );
}

function Footer({ version }: { version: string | undefined }) {
  const { t, i18n } = useTranslation();
  const [theme, setTheme] = useState(chosenTheme);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system";
  const look =
    "inline-flex min-h-9 items-center gap-2 rounded-md px-2 hover:bg-raised hover:text-ink pointer-coarse:min-h-11";
  return (
    <footer className="-mx-2 flex flex-wrap items-center gap-1 text-sm text-muted">
      <button type="button" className={look} onClick={() => void setLanguage(i18n.language === "ar" ? "en" : "ar")}>
        <Icon name="language" className="size-4" />
        {i18n.language === "ar" ? (
          <span lang="en">English</span>
        ) : (
          <span lang="ar" className="font-system">
            العربية
          </span>
        )}
      </button>
      <button
        type="button"
        className={look}
        onClick={() => {
          applyTheme(next);
          setTheme(next);
        }}
      >
        <Icon name="theme" className="size-4" />
        {t("shell.theme_now", { theme: t(`theme.${theme}`) })}
      </button>
      {version && (
        <span className="ms-auto px-2 text-faint">
          <bdi dir="ltr">{version}</bdi>
        </span>
      )}
    </footer>
  );
}
