import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Setting } from "@/api/types";
import { useCan } from "@/app/me";
import { ListState } from "@/ui/list-state";
import { Card, Page } from "@/ui/page";
import { NoPermission } from "@/ui/problem";
import { SearchField } from "@/ui/search-field";
import { EmptyState } from "@/ui/states";
import { SettingSection } from "./setting-section";
import { SettingsTabs } from "./tabs";

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
  const [text, setText] = useState("");
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: async ({ signal }) => (await unwrap(api.GET("/settings", { signal }))).items,
  });
  return (
    <div className="grid gap-5">
      <SearchField label={t("settings.search")} value={text} onChange={setText} className="max-w-sm" />
      <ListState query={settings} rows={8} empty={<Nothing />}>
        {(items) => {
          const found = items.filter((setting) => matches(setting, text));
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

function matches(setting: Setting, text: string): boolean {
  const target = `${setting.section}.${setting.key} ${setting.description}`.toLowerCase();
  return target.includes(text.toLowerCase());
}
