// What is said of a machine wherever it is listed.
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Machine, MachineSample } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { cx } from "@/ui/cx";
import type { Selection } from "@/ui/selection";
import { Ago } from "@/ui/time";
import { Meter } from "../meter";
import { isThere } from "../state";

export interface ListedProps {
  machines: Machine[];
  newest: Map<string, MachineSample>;
  selection: Selection<Machine>;
  onPick: (label: string) => void;
}

export function MachineLink({ machine }: { machine: Machine }) {
  return (
    <Link
      to="/machines/$id"
      params={{ id: machine.id }}
      dir="ltr"
      className="block rounded-sm font-medium wrap-anywhere after:absolute after:inset-0 hover:underline rtl:text-end"
    >
      {machine.name}
    </Link>
  );
}

export function Choose({ machine, selection }: { machine: Machine; selection: Selection<Machine> }) {
  const { t } = useTranslation();
  return (
    // The label makes the place to hit as large as a finger.
    <label className="relative z-1 -m-2 grid size-8.5 shrink-0 place-items-center pointer-coarse:size-10">
      <input
        type="checkbox"
        aria-label={t("machines.choose", { name: machine.name })}
        checked={selection.has(machine.id)}
        onChange={() => selection.toggle(machine.id)}
        className="size-[1.125rem]"
      />
    </label>
  );
}

export function System({ machine: { facts }, wraps }: { machine: Machine; wraps?: boolean }) {
  const { t } = useTranslation();
  if (!facts.system) return <span className="text-faint">{t("machines.never_connected")}</span>;
  return (
    <bdi className={cx("block", wraps ? "wrap-anywhere" : "truncate")}>
      {[facts.release || facts.system, facts.architecture].join("\u00a0· ")}
    </bdi>
  );
}

export function LastSeen({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  // Without its heading, as on a phone, it would say nothing that the state does not say.
  if (isThere(machine)) return <span className="max-md:hidden">{t("machines.connected_now")}</span>;
  return machine.last_seen_at ? <Ago at={machine.last_seen_at} /> : t("machines.never_seen");
}

interface DoingProps {
  machine: Machine;
  sample: MachineSample | undefined;
  hideLabel?: boolean;
  className?: string;
}

export function Processor({ machine, sample, ...rest }: DoingProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const doing = sample ?? machine.pulse;
  if (!isThere(machine) || !doing) return null;
  return (
    <Meter label={t("machines.processor")} share={doing.processor} text={format.percent(doing.processor)} {...rest} />
  );
}

export function Memory({ machine, sample, ...rest }: DoingProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const used = (sample ?? machine.pulse)?.memory_used_bytes;
  const all = sample?.memory_bytes || machine.facts.memory_bytes;
  if (!isThere(machine) || used === undefined || !all) return null;
  return <Meter label={t("machines.memory")} share={used / all} text={format.percent(used / all)} {...rest} />;
}
