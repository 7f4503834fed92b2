import { useTranslation } from "react-i18next";
import type { MachineSample } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Section } from "@/ui/page";

type Process = MachineSample["processes"][number];

export function Processes({ processes }: { processes: Process[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const cell = "py-1.5 ps-4 text-end whitespace-nowrap tabular-nums";
  return (
    <Section title={t("machines.one.processes")} lead={t("machines.one.processes_lead")}>
      <table className="w-full text-sm">
        <thead>
          <tr className="text-xs text-faint">
            <th scope="col" className="pb-1.5 text-start font-medium">
              {t("machines.one.process")}
            </th>
            <th scope="col" className={`${cell} font-medium max-sm:hidden`}>
              {t("machines.one.process_id")}
            </th>
            <th scope="col" className={`${cell} font-medium`}>
              {t("machines.processor")}
            </th>
            <th scope="col" className={`${cell} font-medium`}>
              {t("machines.memory")}
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line border-t border-line">
          {processes.map((process) => (
            <tr key={process.pid}>
              <td className="w-full max-w-0 truncate py-1.5">
                <bdi dir="ltr" className="font-mono">
                  {process.name}
                </bdi>
              </td>
              <td className={`${cell} text-muted max-sm:hidden`}>{process.pid}</td>
              <td className={cell}>{format.percent(process.processor)}</td>
              <td className={cell}>{format.bytes(process.memory_bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
