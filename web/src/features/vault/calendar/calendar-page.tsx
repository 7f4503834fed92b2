import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Secret } from "@/api/types";
import { useTimeZone } from "@/app/time-zone";
import { Notice } from "@/ui/notice";
import { Card, Section } from "@/ui/page";
import { ErrorState } from "@/ui/problem";
import { EmptyState, SkeletonRows } from "@/ui/states";
import { allSecretsQuery } from "../queries";
import { VaultFrame } from "../vault-frame";
import { useVaultWords } from "../words";
import { byDay, datesOf, dayKey, type Month, monthOf } from "./agenda";
import { DueList } from "./due-list";
import { MonthGrid, MonthHeader } from "./month-grid";

export default function CalendarPage() {
  useVaultWords();
  const { t } = useTranslation();
  return (
    <VaultFrame tab="calendar" lead={t("vault.calendar.lead")} needs="secrets.read">
      <Calendar />
    </VaultFrame>
  );
}

function Calendar() {
  const { t } = useTranslation();
  const secrets = useQuery(allSecretsQuery);
  if (!secrets.data) {
    return (
      <Card>
        {secrets.isPending ? (
          <SkeletonRows rows={6} />
        ) : (
          <ErrorState error={secrets.error} retry={() => secrets.refetch()} />
        )}
      </Card>
    );
  }
  return (
    <>
      {secrets.data.more && <Notice className="mb-6">{t("vault.calendar.more_there")}</Notice>}
      <Dates secrets={secrets.data.items} />
    </>
  );
}

function Dates({ secrets }: { secrets: Secret[] }) {
  const { t } = useTranslation();
  const timeZone = useTimeZone();
  const now = Date.now();
  const today = dayKey(now, timeZone);
  const [month, setMonth] = useState<Month>(() => monthOf(today));
  const dates = datesOf(secrets);
  if (dates.length === 0) {
    return (
      <Card>
        <EmptyState icon="clock" title={t("vault.calendar.empty")}>
          {t("vault.calendar.empty_text")}
        </EmptyState>
      </Card>
    );
  }
  const overdue = dates.filter((date) => new Date(date.at).getTime() <= now);
  const days = byDay(dates, timeZone);
  const prefix = `${month.year}-${String(month.month).padStart(2, "0")}-`;
  const shown = [...days].filter(([day]) => day.startsWith(prefix)).flatMap(([, those]) => those);
  return (
    <>
      {overdue.length > 0 && (
        <Section title={t("vault.calendar.overdue")}>
          <DueList dates={overdue} now={now} />
        </Section>
      )}
      <Card>
        <MonthHeader month={month} count={shown.length} today={monthOf(today)} onMove={setMonth} />
        <MonthGrid month={month} days={days} today={today} />
        {shown.length > 0 ? (
          <div className="border-t border-line p-5">
            <DueList dates={shown} now={now} />
          </div>
        ) : (
          <p className="border-t border-line p-5 text-muted">{t("vault.calendar.month_empty")}</p>
        )}
      </Card>
    </>
  );
}
