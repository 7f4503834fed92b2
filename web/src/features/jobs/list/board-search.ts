// How somebody looked at the board, so that a job leads back to what they saw. It is forgotten with all else at the end
// of a session.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { JobsSearch } from "@/app/search";

const key = ["board-of-jobs"];

export function useKeepSearch(search: JobsSearch) {
  const queries = useQueryClient();
  useEffect(() => {
    // Nothing watches it while a job is read, for however long.
    queries.setQueryDefaults(key, { gcTime: Number.POSITIVE_INFINITY });
    queries.setQueryData(key, search);
  }, [queries, search]);
}

export function useKeptSearch(): JobsSearch {
  const queries = useQueryClient();
  const [kept] = useState(() => queries.getQueryData<JobsSearch>(key) ?? {});
  return kept;
}
