// The frame of every page: its title (also in the browser tab), one sentence about it, and its actions.
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "./cx";

export function useTitle(title: string) {
  const { t } = useTranslation();
  const product = t("common.product");
  useEffect(() => {
    document.title = title === product ? product : `${title} · ${product}`;
  }, [title, product]);
}

interface PageProps {
  title: string;
  /** The title as it stands on the page, where it needs more than words. */
  heading?: ReactNode;
  /** What leads back, above the title. */
  above?: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  tabs?: ReactNode;
  /** Which of the tabs is open, for the title in the browser. */
  tab?: string | undefined;
  narrow?: boolean;
  children: ReactNode;
}

export function Page({ title, heading, above, lead, actions, tabs, tab, narrow, children }: PageProps) {
  useTitle(tab ? `${tab} · ${title}` : title);
  return (
    <div className="mx-auto w-full max-w-6xl px-4 pt-6 pb-16 sm:px-8 sm:pt-9">
      {above && <div className="mb-2">{above}</div>}
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
        <div className="min-w-0 flex-1 basis-64">
          <h1 className="text-xl font-semibold tracking-tight">{heading ?? title}</h1>
          {lead && <p className="mt-1 max-w-prose text-muted">{lead}</p>}
        </div>
        {actions && <div className="flex flex-wrap gap-1 sm:gap-2">{actions}</div>}
      </div>
      {tabs && <div className="mt-5">{tabs}</div>}
      {/* Narrow pages begin where wide ones do, so nothing jumps between them. */}
      <div className={cx("mt-6", narrow && "max-w-3xl")}>{children}</div>
    </div>
  );
}

export function Card({ className, children }: { className?: string; children: ReactNode }) {
  return <div className={cx("overflow-hidden rounded-lg border border-line bg-surface", className)}>{children}</div>;
}

interface SectionProps {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Section({ title, lead, actions, children }: SectionProps) {
  return (
    <section className="mb-6 overflow-hidden rounded-lg border border-line bg-surface">
      <header className="flex flex-wrap items-start justify-between gap-3 px-5 pt-5 sm:flex-nowrap [&>:last-child]:shrink-0">
        <div className="min-w-0 max-w-prose shrink!">
          <h2 className="text-lg font-semibold">{title}</h2>
          {lead && <p className="mt-0.5 text-muted">{lead}</p>}
        </div>
        {actions}
      </header>
      <div className="p-5 empty:pt-0">{children}</div>
    </section>
  );
}
