// What did not end well and waits for somebody: why, and whether it is tried again or let go.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCan, useMe } from "@/app/me";
import type { DeadLettersSearch } from "@/app/search";
import { isolatedName } from "@/features/machines/use-machines";
import { Button } from "@/ui/button";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Card } from "@/ui/page";
import { type Selection, useSelection } from "@/ui/selection";
import { EmptyState } from "@/ui/states";
import type { Column } from "@/ui/table";
import { Ago } from "@/ui/time";
import type { Job } from "../api";
import type { Which } from "../calls";
import { detailOf } from "../detail";
import { JobsFrame } from "../jobs-frame";
import { OwnerPick, Pick } from "../list/job-filters";
import { AttemptCount, JobTable } from "../list/job-table";
import { deadCountQuery, deadLettersQuery, queuesQuery } from "../queries";
import { JobStateBadge } from "../state";
import { TargetText } from "../target";
import { useWhoseMayChange } from "../use-jobs";
import { useJobWords } from "../words";
import { DeadBar } from "./dead-bar";
import { reasons, useReasonWords } from "./reasons";

const route = getRouteApi("/signed-in/shell/jobs/dead-letters");

const COUNTED_AT_MOST = 200;

export default function DeadLettersPage() {
  useJobWords();
  const { t } = useTranslation();
  return (
    <JobsFrame tab="dead_letters" lead={t("jobs.dead.lead")}>
      <DeadLetters />
    </JobsFrame>
  );
}

function DeadLetters() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/jobs/dead-letters" });
  const mayChange = useWhoseMayChange();
  const mayManage = useCan("jobs.manage");
  const { user } = useMe();
  const jobs = useInfiniteQuery({ ...deadLettersQuery(search), placeholderData: (before) => before });
  const selectable = jobs.data?.filter(({ owner }) => mayChange(owner)) ?? [];
  const isAny = selectable.length > 0;
  const selection = useSelection(selectable);
  // Who does not manage jobs chooses all of their own: nothing is promised that the server would refuse.
  const within = mayManage ? search : { ...search, owner: user.id };
  const counted = useQuery({ ...deadCountQuery(within, COUNTED_AT_MOST), enabled: isAny });
  const total = counted.data ?? { count: 0, more: false };
  /** Whether all that match are chosen, seen or not. */
  const [isAll, setAll] = useState(false);
  const change = (part: Partial<DeadLettersSearch>) => {
    setAll(false);
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  };
  const isFiltered = Boolean(search.queue || search.reason || search.owner);
  const clear = () => {
    setAll(false);
    selection.clear();
  };
  return (
    <>
      <Card>
        <Filters search={search} onChange={change} />
        <ListState
          query={jobs}
          empty={
            isFiltered ? (
              <EmptyState
                icon="search"
                title={t("jobs.dead.nothing_found")}
                action={
                  <Button onClick={() => change({ queue: undefined, reason: undefined, owner: undefined })}>
                    {t("jobs.clear")}
                  </Button>
                }
              />
            ) : (
              <EmptyState icon="check" title={t("jobs.dead.empty")}>
                {t("jobs.dead.empty_text")}
              </EmptyState>
            )
          }
        >
          {(items) => (
            <>
              {isAny && (
                <ChooseAll
                  selection={selection}
                  total={total}
                  ofWhom={mayManage || search.owner ? "all" : "own"}
                  isAll={isAll}
                  onAll={() => setAll(true)}
                />
              )}
              <DeadTable
                jobs={items}
                selection={isAny ? selection : null}
                mayChange={mayChange}
                isAll={isAll}
                onTouch={() => setAll(false)}
              />
            </>
          )}
        </ListState>
        <LoadMore query={jobs} />
      </Card>
      <DeadBar
        which={isAll ? everything(within) : { ids: selection.chosen.map((job) => job.id) }}
        count={isAll ? total.count : selection.chosen.length}
        more={isAll && total.more}
        onDone={clear}
      />
    </>
  );
}

/** All that match what is asked for. */
function everything({ queue, reason, owner }: DeadLettersSearch): Which {
  const filter = Object.fromEntries(Object.entries({ queue, reason, owner }).filter(([, value]) => value));
  return Object.keys(filter).length > 0 ? { filter } : { all: true };
}

interface FiltersProps {
  search: DeadLettersSearch;
  onChange: (part: Partial<DeadLettersSearch>) => void;
}

function Filters({ search, onChange }: FiltersProps) {
  const { t } = useTranslation();
  const words = useReasonWords();
  const queues = useQuery(queuesQuery).data ?? [];
  return (
    <search className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line p-4">
      <Pick
        label={t("jobs.dead.reason")}
        any={t("jobs.dead.any_reason")}
        value={search.reason}
        options={reasons.map((reason) => ({ value: reason, label: words(reason) }))}
        onPick={(reason) => onChange({ reason })}
      />
      {(queues.length > 1 || search.queue) && (
        <Pick
          label={t("jobs.queue")}
          any={t("jobs.any_queue")}
          value={search.queue}
          options={queues.map(({ name }) => ({ value: name, label: name }))}
          onPick={(queue) => onChange({ queue })}
        />
      )}
      <OwnerPick owner={search.owner} onPick={(owner) => onChange({ owner })} />
    </search>
  );
}

interface ChooseAllProps {
  selection: Selection<Job>;
  total: { count: number; more: boolean };
  /** What matches, or what of that is one's own. */
  ofWhom: "all" | "own";
  isAll: boolean;
  onAll: () => void;
}

function ChooseAll({ selection, total, ofWhom, isAll, onAll }: ChooseAllProps) {
  const { t } = useTranslation();
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-5 pt-3 text-sm text-muted">
      <label className="flex items-center gap-3 pointer-coarse:min-h-11">
        <input
          type="checkbox"
          checked={selection.all || isAll}
          disabled={isAll}
          onChange={selection.toggleAll}
          className="size-[1.125rem] shrink-0"
        />
        {t("machines.choose_all")}
      </label>
      {selection.all && !isAll && total.count > selection.chosen.length && (
        <Button size="sm" look="quiet" onClick={onAll}>
          {t(`jobs.dead.choose_${ofWhom}${total.more ? "_more" : ""}`, { count: total.count })}
        </Button>
      )}
    </div>
  );
}

interface DeadTableProps {
  jobs: Job[];
  /** Of those that one may change. */
  selection: Selection<Job> | null;
  mayChange: (owner: Job["owner"]) => boolean;
  isAll: boolean;
  onTouch: () => void;
}

function DeadTable({ jobs, selection, mayChange, isAll, onTouch }: DeadTableProps) {
  const { t } = useTranslation();
  const words = useReasonWords();
  const columns: Column<Job>[] = [
    {
      key: "reason",
      heading: t("jobs.dead.reason"),
      className: "max-w-80 text-sm max-md:w-full",
      cell: (job) => {
        const detail = detailOf(job);
        return (
          <>
            <JobStateBadge job={job} />
            <bdi dir={detail ? "ltr" : "auto"} title={detail ?? undefined} className="mt-1 block truncate text-faint">
              {detail ?? words(job.reason)}
            </bdi>
          </>
        );
      },
    },
    {
      key: "where",
      heading: t("jobs.where"),
      className: "max-w-44 text-sm text-muted",
      cell: (job) => (
        <>
          <TargetText job={job} />
          {job.attempt > 0 && (
            <span className="block text-faint max-md:hidden">
              {t("jobs.attempt")} <AttemptCount job={job} />
            </span>
          )}
        </>
      ),
    },
    {
      key: "dead",
      heading: t("commands.issued"),
      className: "max-w-40 text-sm text-muted",
      cell: (job) => (
        <>
          <Ago at={job.dead_at ?? job.ended_at ?? job.created_at} />
          <bdi className="block truncate text-faint max-md:hidden">{job.owner.name}</bdi>
        </>
      ),
    },
  ];
  const beside = selection
    ? (job: Job) =>
        mayChange(job.owner) ? (
          // The label makes the place to hit as large as a finger.
          <label className="relative z-1 -m-2 grid size-8.5 shrink-0 place-items-center pointer-coarse:size-10">
            <input
              type="checkbox"
              aria-label={t("machines.choose", { name: isolatedName(job.title) })}
              checked={isAll || selection.has(job.id)}
              onChange={() => {
                onTouch();
                if (!isAll) selection.toggle(job.id);
              }}
              className="size-[1.125rem]"
            />
          </label>
        ) : (
          // The names stand below one another.
          <span className="-m-2 size-8.5 shrink-0 pointer-coarse:size-10" />
        )
    : undefined;
  return <JobTable jobs={jobs} instead={columns} {...(beside ? { beside } : {})} />;
}
