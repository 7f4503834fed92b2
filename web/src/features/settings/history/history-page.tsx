// Every accepted state of the settings: who made it, what changed, and the way back to it.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Card, Page } from "@/ui/page";
import { NoPermission } from "@/ui/problem";
import { EmptyState } from "@/ui/states";
import { versionsQuery } from "../queries";
import { SettingsTabs } from "../tabs";
import { useSettingsWords } from "../words";
import { Compare } from "./compare";
import { RollBackDialog } from "./roll-back-dialog";
import { VersionLine } from "./version-line";

export default function HistoryPage() {
  useSettingsWords();
  const { t } = useTranslation();
  const mayRead = useCan("settings.read");
  return (
    <Page
      title={t("places.settings")}
      tab={t("settings.tabs.history")}
      lead={t("settings.history.lead")}
      tabs={<SettingsTabs />}
    >
      {mayRead ? <Versions /> : <NoPermission />}
    </Page>
  );
}

function Versions() {
  const { t } = useTranslation();
  const versions = useInfiniteQuery(versionsQuery);
  const mayManage = useCan("settings.manage");
  const [rollingBack, setRollingBack] = useState<number | null>(null);
  const newest = versions.data?.[0]?.version;
  return (
    <div className="grid gap-5">
      {versions.data && versions.data.length > 1 && <Compare versions={versions.data} />}
      <Card>
        <ListState
          query={versions}
          empty={
            <EmptyState icon="clock" title={t("settings.history.empty")}>
              {t("settings.history.empty_text")}
            </EmptyState>
          }
        >
          {(items) => (
            <ol className="divide-y divide-line">
              {items.map((version) => (
                <li key={version.version}>
                  <VersionLine
                    version={version}
                    isNewest={version.version === newest}
                    onRollBack={mayManage ? () => setRollingBack(version.version) : undefined}
                  />
                </li>
              ))}
            </ol>
          )}
        </ListState>
        <LoadMore query={versions} />
      </Card>
      {rollingBack !== null && newest !== undefined && (
        <RollBackDialog to={rollingBack} from={newest} onClose={() => setRollingBack(null)} />
      )}
    </div>
  );
}
