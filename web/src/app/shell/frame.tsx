// What stands around a page: the dashboard, or for visitors of the open pages a bar with a way in.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { meQuery } from "@/api/queries";
import { PageSkeleton } from "../route-states";
import Shell from "./shell";

const VisitorFrame = lazy(() => import("./visitor-frame"));

export default function Frame() {
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  if (me) return <Shell />;
  return (
    <Suspense fallback={<PageSkeleton />}>
      <VisitorFrame />
    </Suspense>
  );
}
