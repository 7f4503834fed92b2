import { useQuery } from "@tanstack/react-query";
import { ErrorState } from "@/ui/problem";
import { Skeleton } from "@/ui/states";
import { ChangeList } from "../change-list";
import { diffQuery } from "../queries";

/** What changes from one version to another. */
export function Difference({ from, to }: { from: number; to: number }) {
  const changes = useQuery(diffQuery(from, to));
  if (changes.isPending) return <Skeleton className="h-16 w-full" />;
  if (!changes.data) return <ErrorState error={changes.error} retry={() => void changes.refetch()} />;
  return <ChangeList changes={changes.data} />;
}
