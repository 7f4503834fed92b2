// The first page: is all well, what needs attention, who did what lately.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { useCan, useMe } from "@/app/me";
import { Page } from "@/ui/page";
import { ErrorState } from "@/ui/problem";
import { Checklist } from "./checklist";
import { Figures } from "./figures";
import { RecentActivity } from "./recent-activity";
import { Warnings } from "./warnings";

export default function OverviewPage() {
  const { t } = useTranslation();
  const { user } = useMe();
  const firstName = user.name.split(" ")[0];
  const mayReadStatus = useCan("status.read");
  const mayReadAudit = useCan("audit.read");
  const status = useQuery({
    queryKey: ["status"],
    queryFn: ({ signal }) => unwrap(api.GET("/status", { signal })),
    enabled: mayReadStatus,
    refetchInterval: 60_000,
  });
  return (
    <Page title={t("places.overview")} lead={t("overview.lead", { name: `\u2068${firstName}\u2069` })}>
      <div className="grid gap-6">
        {status.data && <Warnings warnings={status.data.warnings} />}
        {mayReadStatus && !status.isError && <Figures status={status.data} />}
        {status.isError && <ErrorState error={status.error} retry={() => void status.refetch()} />}
        <div className="grid items-start gap-6 lg:grid-cols-[1fr_20rem]">
          {mayReadAudit ? <RecentActivity /> : null}
          <Checklist mail={status.data?.mail} people={status.data?.people.total} />
        </div>
      </div>
    </Page>
  );
}
