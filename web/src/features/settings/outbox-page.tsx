import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { pagedQuery } from "@/api/queries";
import type { OutboxMail } from "@/api/types";
import { useCan } from "@/app/me";
import { Dialog } from "@/ui/dialog";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Card, Page } from "@/ui/page";
import { NoPermission } from "@/ui/problem";
import { EmptyState } from "@/ui/states";
import { Ago } from "@/ui/time";
import { MailBody } from "./mail-body";
import { SettingsTabs } from "./tabs";
import { useSettingsWords } from "./words";

const outboxQuery = pagedQuery(["outbox"], (cursor, signal) =>
  unwrap(api.GET("/outbox", { params: { query: { cursor } }, signal })),
);

export default function OutboxPage() {
  useSettingsWords();
  const { t } = useTranslation();
  const mayRead = useCan("mail.outbox");
  return (
    <Page title={t("places.outbox")} lead={t("settings.outbox.lead")} tabs={<SettingsTabs />}>
      {mayRead ? <Outbox /> : <NoPermission />}
    </Page>
  );
}

function Outbox() {
  const { t } = useTranslation();
  const mails = useInfiniteQuery(outboxQuery);
  const [shown, setShown] = useState<OutboxMail | null>(null);
  return (
    <Card>
      <ListState
        query={mails}
        empty={
          <EmptyState icon="inbox" title={t("settings.outbox.empty")}>
            {t("settings.outbox.empty_text")}
          </EmptyState>
        }
      >
        {(items) => (
          <ul className="divide-y divide-line">
            {items.map((mail) => (
              <li
                key={mail.id}
                className="relative flex flex-wrap items-baseline gap-x-6 gap-y-0.5 px-5 py-3.5 hover:bg-raised/50"
              >
                <button
                  type="button"
                  onClick={() => setShown(mail)}
                  className="min-w-0 flex-1 basis-64 truncate rounded-sm text-start font-medium after:absolute after:inset-0"
                >
                  <bdi>{mail.subject}</bdi>
                </button>
                <bdi dir="ltr" className="text-sm text-muted">
                  {mail.to}
                </bdi>
                <span className="text-sm text-faint">
                  <Ago at={mail.created_at} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </ListState>
      <LoadMore query={mails} />
      {shown && (
        <Dialog
          wide
          open
          onClose={() => setShown(null)}
          title={<bdi>{shown.subject}</bdi>}
          description={<bdi dir="ltr">{shown.to}</bdi>}
        >
          <MailBody text={shown.body_text} />
        </Dialog>
      )}
    </Card>
  );
}
