import { useTranslation } from "react-i18next";
import type { MachineSample } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Section } from "@/ui/page";
import { Meter } from "../meter";

export function Graphics({ graphics }: { graphics: MachineSample["graphics"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Section title={t("machines.one.graphics")}>
      <ul className="grid gap-5">
        {graphics.map((one, n) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they have no name of their own but their place.
          <li key={n} className="grid gap-2">
            <p className="flex flex-wrap justify-between gap-x-4">
              <bdi className="font-medium">{one.name}</bdi>
              {one.temperature !== null && one.temperature !== undefined && (
                <span className="text-sm text-muted">{format.degrees(one.temperature)}</span>
              )}
            </p>
            <div className="grid gap-4 sm:grid-cols-2">
              <Meter
                label={t("machines.one.graphics_use")}
                share={one.processor}
                text={format.percent(one.processor)}
              />
              <Meter
                label={t("machines.memory")}
                share={one.memory_bytes ? one.memory_used_bytes / one.memory_bytes : 0}
                text={t("machines.one.used_of", {
                  used: format.bytes(one.memory_used_bytes),
                  all: format.bytes(one.memory_bytes),
                })}
              />
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
