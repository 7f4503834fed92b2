import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { toProblem } from "@/api/problem";
import type { MachineDetail } from "@/api/types";
import { useCan } from "@/app/me";
import { buttonLook } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { NavTabs } from "@/ui/nav-tabs";
import { Card, Page } from "@/ui/page";
import { ErrorState, NoPermission } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import { Ago } from "@/ui/time";
import { LabelList } from "../label-list";
import { machineQuery } from "../queries";
import { isThere, StateBadge } from "../state";
import { useMachineWords } from "../words";
import { MachineActions } from "./machine-actions";
import { Troubles } from "./troubles";

const route = getRouteApi("/signed-in/shell/machines/$id");

export default function MachinePage() {
  useMachineWords();
  const { t } = useTranslation();
  const mayRead = useCan("machines.read");
  if (mayRead) return <Loaded />;
  return (
    <Page title={t("places.machines")}>
      <NoPermission />
    </Page>
  );
}

function Loaded() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const machine = useQuery(machineQuery(id));
  // What was there before is no longer shown of a machine that somebody removed meanwhile.
  const gone = machine.error !== null && toProblem(machine.error).status === 404;
  if (machine.data && !gone) return <Shown key={id} machine={machine.data} />;
  return (
    <Page title={t("places.machines")} above={<Back />}>
      <Card>
        {machine.isPending ? <SkeletonRows /> : <ErrorState error={machine.error} retry={() => machine.refetch()} />}
      </Card>
    </Page>
  );
}

function Shown({ machine }: { machine: MachineDetail }) {
  return (
    <Page
      title={machine.name}
      heading={
        <bdi dir="ltr" className="wrap-anywhere">
          {machine.name}
        </bdi>
      }
      above={<Back />}
      lead={<Lead machine={machine} />}
      actions={
        <>
          <NewJob machine={machine} />
          <MachineActions machine={machine} />
        </>
      }
      tabs={<MachineTabs id={machine.id} />}
    >
      <Troubles machine={machine} />
      <Outlet />
    </Page>
  );
}

function NewJob({ machine }: { machine: MachineDetail }) {
  const { t } = useTranslation();
  const mayRun = useCan("jobs.run");
  if (!mayRun || machine.state === "revoked") return null;
  return (
    <Link to="/jobs/new" search={{ machine: machine.id }} className={buttonLook("secondary")}>
      <Icon name="jobs" />
      {t("palette.new_job")}
    </Link>
  );
}

function Lead({ machine }: { machine: MachineDetail }) {
  const { t } = useTranslation();
  const { facts } = machine;
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
      <StateBadge state={machine.state} />
      {facts.system && <bdi>{facts.release || facts.system}</bdi>}
      {!isThere(machine) && machine.last_seen_at && (
        <span>
          {t("machines.last_seen")}: <Ago at={machine.last_seen_at} />
        </span>
      )}
      <LabelList labels={machine.labels} />
    </span>
  );
}

function MachineTabs({ id }: { id: string }) {
  const { t } = useTranslation();
  const mayRun = useCan("commands.run");
  const mayOpen = useCan("terminals.open");
  const mayManage = useCan("machines.manage");
  const tabs = [
    "overview" as const,
    ...(mayRun ? (["commands"] as const) : []),
    ...(mayOpen ? (["terminal"] as const) : []),
    ...(mayRun ? (["files"] as const) : []),
    "policy" as const,
    "certificates" as const,
    ...(mayManage ? (["ssh-keys"] as const) : []),
    "activity" as const,
  ];
  return (
    <NavTabs
      label={t("machines.one.tabs_label")}
      tabs={tabs.map((tab) => ({
        to: tab === "overview" ? "/machines/$id" : (`/machines/$id/${tab}` as const),
        params: { id },
        label: t(`machines.one.tabs.${tab}`),
      }))}
    />
  );
}

function Back() {
  const { t } = useTranslation();
  return (
    <Link
      to="/machines"
      className="inline-flex min-h-7 items-center gap-1 rounded-sm text-sm text-muted hover:text-ink pointer-coarse:min-h-10"
    >
      <Icon name="chevron" className="size-4 rotate-180 rtl:rotate-180" />
      {t("machines.one.back")}
    </Link>
  );
}
