// The board of jobs: how the queues stand, and the jobs, newest first.
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import type { JobsSearch } from "@/app/search";
import { Button, buttonLook } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Card } from "@/ui/page";
import { EmptyState } from "@/ui/states";
import { JobsFrame } from "../jobs-frame";
import { jobsQuery } from "../queries";
import { useJobWords } from "../words";
import { Board } from "./board";
import { useKeepSearch } from "./board-search";
import { isFiltered } from "./filter";
import { JobFilters } from "./job-filters";
import { JobTable } from "./job-table";

const route = getRouteApi("/signed-in/shell/jobs");

export default function JobsPage() {
  useJobWords();
  const { t } = useTranslation();
  const mayRun = useCan("jobs.run");
  return (
    <JobsFrame tab="jobs" lead={t("jobs.lead")} actions={mayRun && <NewJobLink />}>
      <Board />
      <Jobs />
    </JobsFrame>
  );
}

function NewJobLink() {
  const { t } = useTranslation();
  return (
    <Link to="/jobs/new" className={buttonLook("primary")}>
      <Icon name="plus" />
      {t("jobs.new.action")}
    </Link>
  );
}

function Jobs() {
  const { t } = useTranslation();
  const search = route.useSearch();
  useKeepSearch(search);
  const navigate = useNavigate({ from: "/jobs" });
  const jobs = useInfiniteQuery({ ...jobsQuery(search), placeholderData: (before) => before });
  const change = (next: JobsSearch) => void navigate({ search: next, replace: true });
  return (
    <Card>
      <JobFilters search={search} onChange={change} />
      <ListState
        query={jobs}
        empty={
          isFiltered(search) ? (
            <NothingFound onClear={() => change({ part: search.part })} />
          ) : search.part ? (
            <p className="p-5 text-muted">{t(`jobs.part.${search.part}_empty`)}</p>
          ) : (
            <Empty />
          )
        }
      >
        {(items) => <JobTable jobs={items} />}
      </ListState>
      <LoadMore query={jobs} />
    </Card>
  );
}

function NothingFound({ onClear }: { onClear: () => void }) {
  const { t } = useTranslation();
  return (
    <EmptyState
      icon="search"
      title={t("jobs.nothing_found")}
      action={<Button onClick={onClear}>{t("jobs.clear")}</Button>}
    >
      {t("jobs.nothing_found_text")}
    </EmptyState>
  );
}

function Empty() {
  const { t } = useTranslation();
  const mayRun = useCan("jobs.run");
  return (
    <EmptyState icon="jobs" title={t("jobs.empty")} action={mayRun && <NewJobLink />}>
      {t("jobs.empty_text")}
    </EmptyState>
  );
}
