import { useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import type { MachineDetail, MachineSample } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Notice } from "@/ui/notice";
import { ErrorState } from "@/ui/problem";
import { Skeleton } from "@/ui/states";
import { samplesQuery } from "../queries";
import { isThere } from "../state";
import { useNow, useWatch } from "../use-machines";
import { About } from "./about";
import { Chart } from "./chart";
import { Disks } from "./disks";
import { Graphics } from "./graphics";
import { Load } from "./load";
import { Processes } from "./processes";
import { Sandbox } from "./sandbox";
import { type Doing, doingOf, merged, roundUp } from "./series";
import { useMachine } from "./use-machine";

export default function Overview() {
  const machine = useMachine();
  return (
    <div className="grid gap-x-6 lg:grid-cols-[minmax(0,1.7fr)_minmax(0,1fr)]">
      <div className="min-w-0">
        <Live key={machine.id} machine={machine} />
      </div>
      <div className="min-w-0">
        <About machine={machine} />
        <Sandbox layers={machine.facts.layers} />
      </div>
    </div>
  );
}

function Live({ machine }: { machine: MachineDetail }) {
  const { t } = useTranslation();
  const remembered = useQuery(samplesQuery(machine.id));
  const [since, setSince] = useState<MachineSample[]>([]);
  const hear = useCallback((_: string, sample: MachineSample) => setSince((all) => [...all.slice(-400), sample]), []);
  useWatch(isThere(machine) ? [machine.id] : [], hear);
  const now = useNow(2000, isThere(machine));
  const doing = merged((remembered.data ?? []).map(doingOf), since.map(doingOf));
  const newest = since.at(-1) ?? machine.sample;
  if (remembered.isPending) return <Waiting />;
  if (!remembered.data) return <ErrorState error={remembered.error} retry={() => remembered.refetch()} />;
  return (
    <>
      {!isThere(machine) && (
        <Notice className="mb-6">{t(machine.last_seen_at ? "machines.one.away" : "machines.one.never")}</Notice>
      )}
      {doing.length > 0 && (
        // A machine that is away shows what was, not an empty present.
        <Charts machine={machine} doing={doing} newest={newest} now={isThere(machine) ? now : lastOf(doing)} />
      )}
      {newest && (
        <>
          <Disks disks={newest.disks} />
          {newest.graphics.length > 0 && <Graphics graphics={newest.graphics} />}
          {newest.processes.length > 0 && <Processes processes={newest.processes} />}
        </>
      )}
    </>
  );
}

function lastOf(doing: Doing[]): number {
  return doing.at(-1)?.at ?? 0;
}

interface ChartsProps {
  machine: MachineDetail;
  doing: Doing[];
  newest: MachineSample | null;
  now: number;
}

function Charts({ machine, doing, newest, now }: ChartsProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const of = (key: "processor" | "memory" | "received" | "sent") =>
    doing.map((one) => ({ at: one.at, value: one[key] }));
  const memory = newest?.memory_bytes || machine.facts.memory_bytes || 1;
  const busiest = Math.max(0, ...doing.flatMap((one) => [one.received, one.sent]));
  return (
    <section aria-label={t("machines.one.live")} className="mb-6 grid gap-4 sm:grid-cols-2">
      <Chart
        title={t("machines.processor")}
        beside={t("machines.one.processors", { count: machine.facts.processors })}
        lines={[{ name: t("machines.processor"), points: of("processor"), look: "first" }]}
        top={1}
        write={format.percent}
        now={now}
      />
      <Chart
        title={t("machines.memory")}
        beside={t("machines.one.of_memory", { size: format.bytes(memory) })}
        lines={[{ name: t("machines.memory"), points: of("memory"), look: "first" }]}
        top={memory}
        write={format.bytes}
        now={now}
      />
      <Chart
        title={t("machines.one.network")}
        lines={[
          { name: t("machines.one.received"), points: of("received"), look: "first" },
          { name: t("machines.one.sent"), points: of("sent"), look: "second" },
        ]}
        top={roundUp(busiest, 10_000)}
        write={format.rate}
        now={now}
      />
      <Load sample={newest} processors={machine.facts.processors} />
    </section>
  );
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("common.loading")} className="mb-6 grid gap-4 sm:grid-cols-2">
      {["processor", "memory", "network", "load"].map((one) => (
        <Skeleton key={one} className="h-48 rounded-lg" />
      ))}
    </div>
  );
}
