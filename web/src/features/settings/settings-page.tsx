import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Setting } from "@/api/types";
import { useCan } from "@/app/me";
import type { SettingsSearch } from "@/app/search";
import { Checkbox } from "@/ui/field";
import { ListState } from "@/ui/list-state";
import { Card, Page } from "@/ui/page";
import { NoPermission } from "@/ui/problem";
import { SearchField } from "@/ui/search-field";
import { EmptyState } from "@/ui/states";
import { SettingSection } from "./setting-section";
import { SettingsTabs } from "./tabs";

const route = getRouteApi("/signed-in/shell/settings");

export default function SettingsPage() {
  const { t } = useTranslation();
  const mayRead = useCan("settings.read");
  return (
    <Page title={t("places.settings")} lead={t("settings.lead")} tabs={<SettingsTabs />}>
      {mayRead ? <Configuration /> : <NoPermission />}
    </Page>
  );
}

function Configuration() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/settings" });
  const change = (part: Partial<SettingsSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: async ({ signal }) => (await unwrap(api.GET("/settings", { signal }))).items,
  });
  return (
    <div className="grid gap-5">
      <search className="flex flex-wrap items-center gap-x-6 gap-y-2">
        <SearchField
          label={t("settings.search")}
          value={search.search ?? ""}
          onChange={(text) => change({ search: text || undefined })}
          className="w-full max-w-sm"
        />
        <Checkbox
          label={t("settings.changed_only")}
          checked={search.changed ?? false}
          onChange={(event) => change({ changed: event.target.checked || undefined })}
        />
      </search>
      <ListState query={settings} rows={8} empty={<Nothing />}>
        {(items) => {
          const found = items.filter((setting) => matches(setting, search));
          return found.length === 0 ? <Nothing /> : <Sections settings={found} />;
        }}
      </ListState>
    </div>
  );
}

function Sections({ settings }: { settings: Setting[] }) {
  const sections = [...new Set(settings.map((setting) => setting.section))];
  return (
    <>
      {sections.map((section) => (
        <SettingSection
          key={section}
          section={section}
          settings={settings.filter((setting) => setting.section === section)}
        />
      ))}
    </>
  );
}

function Nothing() {
  const { t } = useTranslation();
  return (
    <Card>
      <EmptyState icon="settings" title={t("settings.empty")}>
        {t("settings.empty_text")}
      </EmptyState>
    </Card>
  );
}

function matches(setting: Setting, { search = "", changed }: SettingsSearch): boolean {
  if (changed && setting.source === "default") return false;
  const target = `${setting.section}.${setting.key} ${setting.description}`.toLowerCase();
  return target.includes(search.toLowerCase());
}
