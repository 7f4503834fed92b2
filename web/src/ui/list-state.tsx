// A list is loading, broken, empty or there; every screen shows these four the same way.
import type { ReactNode } from "react";
import { ErrorState } from "./problem";
import { SkeletonRows } from "./states";

interface ListStateProps<T> {
  query: { data: T[] | undefined; error: unknown; isPending: boolean; refetch: () => unknown };
  empty: ReactNode;
  rows?: number;
  children: (items: T[]) => ReactNode;
}

export function ListState<T>({ query, empty, rows, children }: ListStateProps<T>) {
  if (query.isPending) return <SkeletonRows rows={rows ?? 5} />;
  if (!query.data) return <ErrorState error={query.error} retry={() => query.refetch()} />;
  return query.data.length === 0 ? empty : children(query.data);
}
