import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { MachineDetail } from "@/api/types";
import { machineQuery } from "../queries";

const route = getRouteApi("/signed-in/shell/machines/$id");

/** The machine of the page, which the frame around the tabs has loaded. */
export function useMachine(): MachineDetail {
  const { id } = route.useParams();
  return useSuspenseQuery(machineQuery(id)).data;
}
