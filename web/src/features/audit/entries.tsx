import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { pagedQuery } from "@/api/queries";
import type { AuditEntry } from "@/api/types";
import type { AuditSearch } from "@/app/search";
import { Button } from "@/ui/button";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Card } from "@/ui/page";
import { EmptyState } from "@/ui/states";
import { EntryFilters } from "./entry-filters";
import { EntrySheet } from "./entry-sheet";
import { EntryTable } from "./entry-table";
import { isFiltered, toServerFilters } from "./filters";

const route = getRouteApi("/signed-in/shell/audit");

function entriesQuery(search: AuditSearch) {
  const filters = toServerFilters(search);
  return pagedQuery(["audit", "entries", filters], (cursor, signal) =>
    unwrap(api.GET("/audit", { params: { query: { ...filters, cursor } }, signal })),
  );
}

export function Entries() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/audit" });
  const entries = useInfiniteQuery({ ...entriesQuery(search), placeholderData: (before) => before });
  const [shown, setShown] = useState<AuditEntry | null>(null);
  const clear = () => void navigate({ search: {}, replace: true });
  const filtered = isFiltered(search);
  return (
    <Card>
      <EntryFilters
        search={search}
        onChange={(part) => void navigate({ search: (before) => ({ ...before, ...part }), replace: true })}
        onClear={filtered ? clear : undefined}
      />
      <ListState
        query={entries}
        rows={8}
        empty={
          <EmptyState
            icon="audit"
            title={filtered ? t("audit.empty_filtered") : t("audit.empty")}
            action={filtered && <Button onClick={clear}>{t("audit.clear")}</Button>}
          >
            {filtered ? t("audit.empty_filtered_text") : t("audit.empty_text")}
          </EmptyState>
        }
      >
        {(items) => <EntryTable entries={items} onOpen={setShown} />}
      </ListState>
      <LoadMore query={entries} />
      {shown && <EntrySheet entry={shown} onClose={() => setShown(null)} />}
    </Card>
  );
}
