// What a machine is, as it says itself.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { MachineDetail } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Section } from "@/ui/page";
import { Moment } from "@/ui/time";
import { isThere } from "../state";

export function About({ machine }: { machine: MachineDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { facts, sample } = machine;
  const text = (value: string) => value && <bdi>{value}</bdi>;
  const code = (value: string) =>
    value && (
      <bdi dir="ltr" className="font-mono text-sm">
        {value}
      </bdi>
    );
  return (
    <Section title={t("machines.one.about")}>
      <dl className="grid gap-2.5">
        <Fact name={t("machines.one.hostname")}>{code(facts.hostname)}</Fact>
        <Fact name={t("machines.one.system")}>{text(facts.release || facts.system)}</Fact>
        <Fact name={t("machines.one.kernel")}>{code(facts.kernel)}</Fact>
        <Fact name={t("machines.one.architecture")}>{code(facts.architecture)}</Fact>
        <Fact name={t("machines.processor")}>{text(facts.processor)}</Fact>
        <Fact name={t("machines.memory")}>{facts.memory_bytes > 0 && format.bytes(facts.memory_bytes)}</Fact>
        <Fact name={t("machines.one.graphics")}>
          {facts.graphics.length > 0 && <bdi>{format.list(facts.graphics)}</bdi>}
        </Fact>
        <Fact name={t("machines.one.uptime")}>{isThere(machine) && sample && format.duration(sample.uptime_s)}</Fact>
        <Fact name={t("machines.one.bridge")}>{code(facts.bridge_version)}</Fact>
        <Fact name={t("machines.one.joined")}>
          <Moment at={machine.joined_at} />
        </Fact>
        <Fact name={t("machines.one.rejoined")}>{machine.rejoined_at && <Moment at={machine.rejoined_at} />}</Fact>
      </dl>
    </Section>
  );
}

/** Nothing is said of what is not known. */
function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (!children) return null;
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-4">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </div>
  );
}
