import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import type { MachinesSearch } from "@/app/search";
import { recall, remember } from "@/app/storage";
import { Button } from "@/ui/button";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Card } from "@/ui/page";
import { useSelection } from "@/ui/selection";
import { EmptyState } from "@/ui/states";
import { FleetFrame } from "../fleet-frame";
import { JoinDialog } from "../join/join-dialog";
import { keyOf, splitLabels } from "../labels";
import { machinesQuery } from "../queries";
import { isThere } from "../state";
import { useNewest } from "../use-machines";
import { useMachineWords } from "../words";
import { BulkBar } from "./bulk-bar";
import { MachineCards } from "./machine-cards";
import { MachineFilters, type View } from "./machine-filters";
import { MachineTable } from "./machine-table";

const route = getRouteApi("/signed-in/shell/machines");

/** So many machines at the beginning of the list are looked at closely. */
const WATCHED_AT_MOST = 12;

export default function MachinesPage() {
  useMachineWords();
  const { t } = useTranslation();
  const mayManage = useCan("machines.manage");
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/machines" });
  const add = (open: boolean) =>
    void navigate({ search: (before) => ({ ...before, add: open || undefined }), replace: true });
  const actions = mayManage && (
    <Button look="primary" icon="plus" onClick={() => add(true)}>
      {t("machines.join.action")}
    </Button>
  );
  return (
    <FleetFrame tab="machines" lead={t("machines.lead")} needs="machines.read" actions={actions}>
      <Machines onAdd={mayManage ? () => add(true) : undefined} />
      {search.add && mayManage && <JoinDialog onClose={() => add(false)} />}
    </FleetFrame>
  );
}

function Machines({ onAdd }: { onAdd: (() => void) | undefined }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/machines" });
  const machines = useInfiniteQuery({ ...machinesQuery(search), placeholderData: (before) => before });
  const [view, setView] = useView();
  const selection = useSelection(machines.data ?? []);
  const watched = (machines.data ?? []).filter(isThere).slice(0, WATCHED_AT_MOST);
  const newest = useNewest(watched.map((machine) => machine.id));
  const change = (part: Partial<MachinesSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const pick = (label: string) => change({ labels: together(search.labels, label) });
  const filtered = Boolean(search.search || search.labels || search.state);
  const clear = () => change({ search: undefined, labels: undefined, state: undefined });
  const shown = { newest, selection, onPick: pick };
  return (
    <>
      <Card>
        <MachineFilters search={search} view={view} onView={setView} onChange={change} />
        <ListState query={machines} empty={filtered ? <NothingFound onClear={clear} /> : <Empty onAdd={onAdd} />}>
          {(items) =>
            view === "table" ? (
              <MachineTable machines={items} {...shown} />
            ) : (
              <MachineCards machines={items} {...shown} />
            )
          }
        </ListState>
        <LoadMore query={machines} />
      </Card>
      <BulkBar selection={selection} />
    </>
  );
}

function useView(): [View, (view: View) => void] {
  const [view, setView] = useState<View>(() => (recall("machines-view") === "cards" ? "cards" : "table"));
  return [
    view,
    (next) => {
      remember("machines-view", next);
      setView(next);
    },
  ];
}

/** A label that is asked for besides the others; of one key only the newest. */
function together(before: string | undefined, label: string): string {
  const kept = splitLabels(before ?? "").filter((one) => keyOf(one) !== keyOf(label));
  return [...kept, label].join(",");
}

function NothingFound({ onClear }: { onClear: () => void }) {
  const { t } = useTranslation();
  return (
    <EmptyState
      icon="search"
      title={t("machines.nothing_found")}
      action={<Button onClick={onClear}>{t("machines.clear")}</Button>}
    >
      {t("machines.nothing_found_text")}
    </EmptyState>
  );
}

function Empty({ onAdd }: { onAdd: (() => void) | undefined }) {
  const { t } = useTranslation();
  return (
    <EmptyState
      icon="machine"
      title={t("machines.empty")}
      action={
        onAdd && (
          <Button look="primary" icon="plus" onClick={onAdd}>
            {t("machines.empty_action")}
          </Button>
        )
      }
    >
      {t(onAdd ? "machines.empty_text" : "machines.empty_text_reader")}
    </EmptyState>
  );
}
