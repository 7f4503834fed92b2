// The frame of the screens about all jobs: their tabs, and who may see them.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { NavTabs } from "@/ui/nav-tabs";
import { Page } from "@/ui/page";
import { NoPermission } from "@/ui/problem";
import { deadCountQuery } from "./queries";

/** More are many, in a tab that one only glances at. */
const COUNTED_AT_MOST = 20;

interface JobsFrameProps {
  tab: "jobs" | "dead_letters" | "schedules" | "statistics";
  lead: string;
  actions?: ReactNode;
  children: ReactNode;
}

export function JobsFrame({ tab, lead, actions, children }: JobsFrameProps) {
  const { t } = useTranslation();
  const mayRead = useCan("jobs.read");
  const dead = useQuery({ ...deadCountQuery({}, COUNTED_AT_MOST), enabled: mayRead });
  return (
    <Page
      title={t("places.jobs")}
      lead={lead}
      actions={mayRead && actions}
      tab={tab === "jobs" ? undefined : t(`jobs.tabs.${tab}`)}
      tabs={
        mayRead && (
          <NavTabs
            label={t("places.jobs")}
            tabs={[
              { to: "/jobs", label: t("jobs.tabs.jobs") },
              { to: "/jobs/schedules", label: t("jobs.tabs.schedules") },
              {
                to: "/jobs/dead-letters",
                label: t("jobs.tabs.dead_letters"),
                count: dead.data?.count,
                more: dead.data?.more,
              },
              { to: "/jobs/statistics", label: t("jobs.tabs.statistics") },
            ]}
          />
        )
      }
    >
      {mayRead ? children : <NoPermission />}
    </Page>
  );
}
