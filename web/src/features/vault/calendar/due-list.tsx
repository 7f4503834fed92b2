import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { Badge } from "@/ui/badge";
import { Ago } from "@/ui/time";
import type { DueDate } from "./agenda";

export function DueList({ dates, now }: { dates: DueDate[]; now: number }) {
  return (
    <ul className="-m-5 divide-y divide-line">
      {dates.map((date) => (
        <DueLine key={`${date.secret.id} ${date.what}`} date={date} overdue={new Date(date.at).getTime() <= now} />
      ))}
    </ul>
  );
}

function DueLine({ date, overdue }: { date: DueDate; overdue: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <li className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-5 py-3 hover:bg-raised/50">
      <time dateTime={date.at} className="w-28 shrink-0 text-sm text-muted">
        {format.day(date.at)}
      </time>
      <Link
        to="/secrets/$id"
        params={{ id: date.secret.id }}
        dir="ltr"
        className="min-w-0 flex-1 basis-40 rounded-sm wrap-anywhere rtl:text-end font-mono text-sm font-medium after:absolute after:inset-0 hover:underline"
      >
        {date.secret.name}
      </Link>
      <span className="flex flex-wrap items-center gap-2 text-sm text-muted">
        <Badge tone={date.what === "ends" || overdue ? "danger" : "accent"}>
          {t(`vault.calendar.${overdue && date.what === "ends" ? "ended" : date.what}`)}
        </Badge>
        {date.byItself && <span>{t("vault.calendar.by_itself")}</span>}
        <Ago at={date.at} />
      </span>
    </li>
  );
}
