import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Card } from "@/ui/page";
import { FleetFrame } from "../fleet-frame";
import { useMachineWords } from "../words";
import { History } from "./history";

const route = getRouteApi("/signed-in/shell/machines/commands");

export default function CommandsPage() {
  useMachineWords();
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/machines/commands" });
  return (
    <FleetFrame tab="commands" lead={t("commands.lead")} needs="commands.run">
      <Card>
        <History
          withMachine
          search={search}
          onChange={(part) => void navigate({ search: (before) => ({ ...before, ...part }), replace: true })}
        />
      </Card>
    </FleetFrame>
  );
}
