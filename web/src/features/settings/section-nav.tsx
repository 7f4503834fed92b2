import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { useEditing } from "./editing";
import { keyOf } from "./model/edits";
import { useSettingTexts } from "./words";

/** The sections: a list at the side, or tabs where there is no side. Each counts what was changed in it. */
export function SectionNav({ current }: { current: string | undefined }) {
  const { t } = useTranslation();
  const { settings } = useEditing();
  const nav = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the section that has to be in sight
  useEffect(() => bringInSight(nav.current), [current]);
  return (
    <nav
      ref={nav}
      aria-label={t("settings.sections")}
      className="-mx-4 overflow-x-auto border-b border-line px-4 sm:mx-0 sm:px-0 lg:overflow-visible lg:border-0"
    >
      <ul className="flex gap-6 lg:grid lg:gap-0.5">
        {settings.sections.map(({ name }) => (
          <li key={name}>
            <SectionLink name={name} isCurrent={name === current} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function SectionLink({ name, isCurrent }: { name: string; isCurrent: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const texts = useSettingTexts();
  const { settings, edits, complaints } = useEditing();
  const count = settings.items.filter((item) => item.section === name && keyOf(item) in edits).length;
  const isWrong = complaints.some(({ path }) => path.startsWith(`${name}.`));
  return (
    <Link
      to="/settings"
      search={{ section: name }}
      replace
      resetScroll={false}
      aria-current={isCurrent ? "page" : undefined}
      activeProps={{}}
      className={cx(
        "relative -mb-px flex min-h-10 items-center gap-2 border-b-2 whitespace-nowrap outline-offset-[-2px] transition-colors",
        "lg:mb-0 lg:min-h-9 lg:rounded-md lg:border-0 lg:px-3",
        isCurrent
          ? "border-accent font-medium text-ink lg:bg-raised"
          : "border-transparent text-muted hover:text-ink lg:hover:bg-raised/60",
      )}
    >
      <bdi className="flex-1">{texts.name(name)}</bdi>
      {(count > 0 || isWrong) && (
        <span
          className={cx(
            "grid h-4.5 min-w-4.5 place-items-center rounded-full px-1 text-xs font-medium tabular-nums",
            isWrong ? "bg-danger text-on-danger" : "bg-accent text-on-accent",
          )}
        >
          <span aria-hidden="true">{isWrong ? "!" : format.number(count)}</span>
          <span className="sr-only">{isWrong ? t("settings.section_wrong") : t("settings.changes", { count })}</span>
        </span>
      )}
    </Link>
  );
}

/** On a phone the tabs are wider than the screen. */
function bringInSight(nav: HTMLElement | null) {
  const tab = nav?.querySelector("[aria-current=page]");
  if (!nav || !tab) return;
  const [all, one] = [nav.getBoundingClientRect(), tab.getBoundingClientRect()];
  nav.scrollBy({ left: one.left + one.width / 2 - all.left - all.width / 2 });
}
