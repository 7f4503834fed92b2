import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { Button, IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { type DueDate, type Month, moved, weeksOf } from "./agenda";

/** Weeks begin on Sunday where Arabic is read, on Monday elsewhere. */
function weekStartOf(language: string): number {
  return language === "ar" ? 0 : 1;
}

interface MonthHeaderProps {
  month: Month;
  count: number;
  today: Month;
  onMove: (month: Month) => void;
}

export function MonthHeader({ month, count, today, onMove }: MonthHeaderProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const isToday = month.year === today.year && month.month === today.month;
  return (
    <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-5 py-3">
      <div className="min-w-0 flex-1" aria-live="polite">
        <h2 className="font-semibold">{format.month(Date.UTC(month.year, month.month - 1, 15))}</h2>
        <p className="text-sm text-muted">{t("vault.calendar.due_count", { count })}</p>
      </div>
      {!isToday && (
        <Button size="sm" look="quiet" onClick={() => onMove(today)}>
          {t("vault.calendar.today")}
        </Button>
      )}
      <IconButton
        icon="chevron"
        label={t("vault.calendar.previous")}
        className="[&>svg]:rotate-180"
        onClick={() => onMove(moved(month, -1))}
      />
      <IconButton icon="chevron" label={t("vault.calendar.next")} onClick={() => onMove(moved(month, 1))} />
    </header>
  );
}

interface MonthGridProps {
  month: Month;
  days: Map<string, DueDate[]>;
  today: string;
}

/** A picture of the month; the list below says the same in words, so it is left out for screen readers. */
export function MonthGrid({ month, days, today }: MonthGridProps) {
  const { i18n } = useTranslation();
  const format = useFormat();
  const weeks = weeksOf(month, weekStartOf(i18n.language));
  // 4 January 1970 was a Sunday.
  const headings = [0, 1, 2, 3, 4, 5, 6].map((at) => Date.UTC(1970, 0, 4 + weekStartOf(i18n.language) + at, 12));
  return (
    <div aria-hidden="true" className="p-3 sm:p-5">
      <div className="grid grid-cols-7 gap-1 pb-1 text-center text-xs text-faint">
        {headings.map((at) => (
          <span key={at}>
            <span className="sm:hidden">{format.weekdayLetter(at)}</span>
            <span className="max-sm:hidden">{format.weekdayName(at)}</span>
          </span>
        ))}
      </div>
      {weeks.map((week, row) => (
        <div key={week.find(Boolean) ?? row} className="grid grid-cols-7 gap-1 pb-1">
          {week.map((day, column) => (
            <Day key={day ?? `gap ${column}`} day={day} dates={(day && days.get(day)) || []} isToday={day === today} />
          ))}
        </div>
      ))}
    </div>
  );
}

function Day({ day, dates, isToday }: { day: string | null; dates: DueDate[]; isToday: boolean }) {
  const format = useFormat();
  if (!day) return <span />;
  const ends = dates.some((date) => date.what === "ends");
  return (
    <span
      className={cx(
        "flex min-h-13 flex-col items-center justify-center gap-1 rounded-md text-sm sm:min-h-14",
        dates.length > 0 ? "bg-raised font-medium" : "text-muted",
        isToday && "outline-2 -outline-offset-2 outline-accent",
      )}
    >
      {format.number(Number(day.slice(8)))}
      {dates.length > 0 && (
        <span
          className={cx(
            "grid min-w-5 place-items-center rounded-full px-1 text-xs leading-5",
            ends ? "bg-danger text-on-danger" : "bg-accent text-on-accent",
          )}
        >
          {format.number(dates.length)}
        </span>
      )}
    </span>
  );
}
