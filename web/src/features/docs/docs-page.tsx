// The API reference: this server's own OpenAPI document, made readable. Every operation has an address of its own,
// /docs#list_users, which opens it.
import { useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { apiBase } from "@/api/client";
import { meQuery } from "@/api/queries";
import { Button, buttonLook } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { Card, useTitle } from "@/ui/page";
import { ErrorState } from "@/ui/problem";
import { SearchField } from "@/ui/search-field";
import { EmptyState, Skeleton, SkeletonRows } from "@/ui/states";
import { Basics } from "./basics-view";
import { documentQuery, type Group, groupsOf, matching, type OpenApi } from "./document";
import { English } from "./english";
import { Navigation, useGroupName } from "./navigation";
import { OperationView } from "./operation-view";
import { ReferenceContext } from "./reference";
import type { Language } from "./request";
import { useDocsWords } from "./words";

export default function DocsPage() {
  useDocsWords();
  const { t } = useTranslation();
  const query = useQuery(documentQuery);
  useTitle(t("places.docs"));
  if (query.data) return <Reference document={query.data} />;
  return (
    <div className="mx-auto w-full max-w-6xl px-4 pt-6 pb-16 sm:px-8 sm:pt-9">
      <h1 className="text-xl font-semibold tracking-tight">{t("places.docs")}</h1>
      {query.error ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      ) : (
        <>
          <Skeleton className="mt-3 h-4 w-72 max-w-full" />
          <Card className="mt-8">
            <SkeletonRows rows={7} />
          </Card>
        </>
      )}
    </div>
  );
}

function Reference({ document: api }: { document: OpenApi }) {
  const { t } = useTranslation("docs");
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  const [language, setLanguage] = useState<Language>("curl");
  const [search, setSearch] = useState("");
  const all = useMemo(() => groupsOf(api), [api]);
  const shown = useMemo(() => matching(all, search), [all, search]);
  const places = usePlaces(all, shown, () => setSearch(""));
  const operations = useMemo(() => all.flatMap((group) => group.operations), [all]);
  const reference = useMemo(
    () => ({
      document: api,
      schemas: api.components?.schemas ?? {},
      me: me ?? null,
      language,
      setLanguage,
      live: operations.find((operation) => operation["x-socket"]),
      show: places.show,
    }),
    [api, me, language, operations, places.show],
  );
  const found = shown.reduce((sum, group) => sum + group.operations.length, 0);
  return (
    <ReferenceContext value={reference}>
      <div className="@container">
        <div className="@min-[58rem]:grid @min-[58rem]:grid-cols-[16.5rem_minmax(0,1fr)]">
          <div
            className={cx(
              "sticky top-14 z-20 border-line bg-bg max-[58rem]:border-b @min-[58rem]:flex @min-[58rem]:flex-col @min-[58rem]:self-start @min-[58rem]:border-e",
              me
                ? "lg:top-0 @min-[58rem]:h-[calc(100dvh-3.5rem)] lg:@min-[58rem]:h-dvh"
                : "@min-[58rem]:h-[calc(100dvh-3.5rem)]",
            )}
          >
            <search className="block px-4 py-2.5 @min-[58rem]:px-5 @min-[58rem]:pt-4">
              <SearchField label={t("docs.search")} value={search} onChange={setSearch} />
            </search>
            <div className="hidden min-h-0 flex-1 overflow-y-auto @min-[58rem]:block">
              <Navigation groups={shown} searching={search !== ""} here={places.here} onGo={places.show} />
            </div>
          </div>
          <div className="mx-auto grid w-full max-w-6xl content-start gap-9 px-4 pt-6 pb-24 sm:px-8 sm:pt-9">
            <Heading api={api} operations={operations.length} />
            {search === "" && api.info.description && (
              <English text={withoutLead(api.info.description)} className="text-muted" />
            )}
            <p role="status" className={cx("text-sm text-muted", !search && "sr-only")}>
              {search && t("docs.found", { count: found })}
            </p>
            {search === "" && <Basics open={places.open} onToggle={places.toggle} />}
            {found === 0 && (
              <Card>
                <EmptyState
                  icon="search"
                  title={t("docs.nothing")}
                  action={<Button onClick={() => setSearch("")}>{t("docs.clear")}</Button>}
                >
                  {t("docs.nothing_text")}
                </EmptyState>
              </Card>
            )}
            {shown.map((group) => (
              <GroupView key={group.id} group={group} open={places.open} onToggle={places.toggle} />
            ))}
          </div>
        </div>
      </div>
    </ReferenceContext>
  );
}

/** The page says the first sentence of the description itself, in the person's language. */
function withoutLead(description: string): string {
  const [, ...rest] = description.split(/\n\n/);
  return rest.length > 0 ? rest.join("\n\n") : description;
}

function Heading({ api, operations }: { api: OpenApi; operations: number }) {
  const { t } = useTranslation("docs");
  const { t: shared } = useTranslation();
  return (
    <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
      <div className="min-w-0">
        <h1 className="text-xl font-semibold tracking-tight">{shared("places.docs")}</h1>
        <p className="mt-1 max-w-prose text-muted">{t("docs.lead")}</p>
        <p className="mt-1 flex flex-wrap gap-x-2 text-sm text-faint">
          <span>{t("docs.facts", { version: api.info.version, openapi: api.openapi })}</span>
          <span aria-hidden="true">·</span>
          <span>{t("docs.count", { count: operations })}</span>
          <span aria-hidden="true">·</span>
          <bdi dir="ltr" className="font-mono text-xs leading-5">
            {`${location.origin}${apiBase}`}
          </bdi>
        </p>
      </div>
      <a href={`${apiBase}/openapi.json`} download="openapi.json" className={buttonLook()}>
        <Icon name="download" />
        {t("docs.download")}
      </a>
    </div>
  );
}

interface GroupViewProps {
  group: Group;
  open: ReadonlySet<string>;
  onToggle: (id: string) => void;
}

function GroupView({ group, open, onToggle }: GroupViewProps) {
  const { t } = useTranslation("docs");
  const name = useGroupName();
  return (
    <section aria-labelledby={group.id}>
      <div className="mb-3 flex flex-wrap items-baseline gap-x-3">
        <h2 id={group.id} className="text-lg font-semibold">
          {name(group)}
        </h2>
        <span className="text-sm text-faint">{t("docs.count", { count: group.operations.length })}</span>
      </div>
      <Card className="divide-y divide-line">
        {group.operations.map((operation) => (
          <OperationView
            key={operation.id}
            operation={operation}
            open={open.has(operation.id)}
            onToggle={() => onToggle(operation.id)}
          />
        ))}
      </Card>
    </section>
  );
}

/** What is open on the page, in step with the address. */
function usePlaces(all: Group[], shown: Group[], clearSearch: () => void) {
  const here = useLocation({ select: ({ hash }) => hash });
  const navigate = useNavigate();
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [target, setTarget] = useState<{ id: string } | null>(null);
  // The address that a press on a heading made: the heading is in sight, so nothing has to move.
  const ours = useRef<string | null>(null);
  const latest = useRef({ all, shown, clearSearch });
  latest.current = { all, shown, clearSearch };

  const show = useCallback((id: string) => {
    const { all, shown, clearSearch } = latest.current;
    const holds = (groups: Group[]) => groups.some(({ operations }) => operations.some((one) => one.id === id));
    if (!holds(shown) && (holds(all) || shown.length !== all.length)) clearSearch();
    setOpen((before) => new Set(before).add(id));
    setTarget({ id });
  }, []);

  useEffect(() => {
    if (!here || here === "main" || here === ours.current) return;
    show(here);
  }, [here, show]);

  useEffect(() => {
    if (!target) return;
    const place = document.getElementById(target.id);
    place?.scrollIntoView({ block: "start" });
    place?.querySelector<HTMLElement>("h3 > button")?.focus({ preventScroll: true });
  }, [target]);

  const toggle = useCallback(
    (id: string) => {
      const opens = !open.has(id);
      setOpen((before) => {
        const next = new Set(before);
        if (opens) next.add(id);
        else next.delete(id);
        return next;
      });
      if (!opens) return;
      ours.current = id;
      void navigate({ to: "/docs", hash: id, replace: true, resetScroll: false, hashScrollIntoView: false });
    },
    [navigate, open],
  );

  return { here, open, show, toggle };
}
