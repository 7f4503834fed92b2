// Every setting by section, changed in place. What was changed waits in the bar below until it is saved together.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import type { SettingsSearch } from "@/app/search";
import { Checkbox } from "@/ui/field";
import { Card, Page } from "@/ui/page";
import { ErrorState, NoPermission } from "@/ui/problem";
import { SearchField } from "@/ui/search-field";
import { EmptyState, SkeletonRows } from "@/ui/states";
import type { Item } from "./calls";
import { EditBar } from "./edit-bar";
import { EditingProvider, useEditing } from "./editing";
import { Prose } from "./form/prose";
import { EditsGuard } from "./leave-guard";
import { keyOf, same } from "./model/edits";
import { settingsQuery } from "./queries";
import { SectionNav } from "./section-nav";
import { SettingRow } from "./setting-row";
import { Banners } from "./state/banners";
import { ReloadButton } from "./state/reload-button";
import { SettingsTabs } from "./tabs";
import { useSettingsWords, useSettingTexts } from "./words";

const route = getRouteApi("/signed-in/shell/settings");

export default function SettingsPage() {
  useSettingsWords();
  const { t } = useTranslation();
  const mayRead = useCan("settings.read");
  const mayManage = useCan("settings.manage");
  return (
    <Page
      title={t("places.settings")}
      lead={t("settings.lead")}
      tabs={<SettingsTabs />}
      actions={mayManage && <ReloadButton />}
    >
      {mayRead ? <Configuration /> : <NoPermission />}
    </Page>
  );
}

function Configuration() {
  const settings = useQuery(settingsQuery);
  if (settings.isPending) {
    return (
      <Card>
        <SkeletonRows rows={8} />
      </Card>
    );
  }
  if (!settings.data) {
    return (
      <Card>
        <ErrorState error={settings.error} retry={() => void settings.refetch()} />
      </Card>
    );
  }
  return (
    <EditingProvider settings={settings.data}>
      <Banners />
      <Sections />
      <EditBar />
      <EditsGuard />
    </EditingProvider>
  );
}

function Sections() {
  const { t } = useTranslation();
  const { settings } = useEditing();
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/settings" });
  const change = (part: Partial<SettingsSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true, resetScroll: false });
  const matches = useMatching(search);
  const isSearching = Boolean(search.search || search.changed);
  const top = useRef<HTMLDivElement>(null);
  const chosen = settings.sections.find(({ name }) => name === search.section) ?? settings.sections[0];
  // Another section begins at its beginning.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the section that leads back to the top
  useEffect(() => {
    if ((top.current?.getBoundingClientRect().top ?? 0) < 0) top.current?.scrollIntoView();
  }, [chosen?.name]);
  const shown = isSearching ? settings.sections : chosen ? [chosen] : [];
  const groups = shown
    .map(({ name, description }) => ({
      name,
      description,
      items: settings.items.filter((item) => item.section === name && (!isSearching || matches(item))),
    }))
    .filter(({ items }) => items.length > 0);
  return (
    <div
      ref={top}
      className="grid scroll-mt-16 items-start gap-x-8 gap-y-5 lg:scroll-mt-6 lg:grid-cols-[12rem_minmax(0,1fr)]"
    >
      <div className="grid min-w-0 gap-3 lg:sticky lg:top-6">
        <search className="grid gap-2">
          <SearchField
            label={t("settings.search")}
            value={search.search ?? ""}
            onChange={(text) => change({ search: text || undefined })}
          />
          <Checkbox
            label={t("settings.changed_only")}
            checked={search.changed ?? false}
            onChange={(event) => change({ changed: event.target.checked || undefined })}
          />
        </search>
        <SectionNav current={isSearching ? undefined : chosen?.name} />
      </div>
      <div className="grid min-w-0 gap-5">
        {groups.length === 0 && <Nothing />}
        {groups.map((group) => (
          <SectionCard key={group.name} {...group} />
        ))}
      </div>
    </div>
  );
}

function SectionCard({ name, description, items }: { name: string; description: string; items: Item[] }) {
  const texts = useSettingTexts();
  return (
    <section className="rounded-lg border border-line bg-surface">
      <header className="border-b border-line px-5 py-4">
        <h2 className="text-lg font-semibold">
          <bdi>{texts.name(name)}</bdi>
        </h2>
        <p className="text-muted">
          <Prose text={texts.about(name, description)} />
        </p>
      </header>
      <ul className="divide-y divide-line">
        {items.map((item) => (
          <SettingRow key={keyOf(item)} item={item} />
        ))}
      </ul>
    </section>
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

/** Searched is in the key, the name and the description, in both the person's language and the server's. */
function useMatching({ search = "", changed }: SettingsSearch) {
  const texts = useSettingTexts();
  const { edits } = useEditing();
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return (item: Item) => {
    const key = keyOf(item);
    if (changed && !(key in edits) && same(item.value, item.default)) return false;
    const told = [key, item.description, texts.name(key), texts.about(key), texts.name(item.section)];
    const target = told.join(" ").toLowerCase();
    return words.every((word) => target.includes(word));
  };
}
