// The first page: what needs attention, how it stands, what was done lately and by whom.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { useCan, useMe } from "@/app/me";
import { cx } from "@/ui/cx";
import { Page } from "@/ui/page";
import { ErrorState } from "@/ui/problem";
import { ActivityCard } from "./activity";
import { Attention } from "./attention";
import { Figures } from "./figures";
import { Glance } from "./glance";
import { RecentActivity } from "./recent-activity";
import { SetupSteps } from "./setup-steps";

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
      <div className="grid gap-5">
        <Attention warnings={status.data?.warnings ?? []} />
        {status.data && <SetupSteps status={status.data} />}
        {mayReadStatus && !(status.isError && !status.data) && <Figures status={status.data} />}
        {status.isError && !status.data && <ErrorState error={status.error} retry={() => void status.refetch()} />}
        {mayReadAudit && <ActivityCard />}
        <div className={cx("grid items-start gap-5", mayReadAudit && "lg:grid-cols-[1fr_22rem]")}>
          {mayReadAudit && <RecentActivity />}
          <Glance mail={status.data?.mail} />
        </div>
      </div>
    </Page>
  );
}
