import { useTranslation } from "react-i18next";
import type { MachineSample } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Meter } from "../meter";

const spans = ["one", "five", "fifteen"] as const;

/** How many processes want to run, over three spans of time. At as many as there are processors all are in use. */
export function Load({ sample, processors }: { sample: MachineSample | null; processors: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const load = sample?.load ?? [];
  const swap = sample?.swap_bytes ?? 0;
  return (
    <figure className="min-w-0 rounded-lg border border-line bg-surface p-4">
      <figcaption>
        <span className="block font-medium">{t("machines.one.load")}</span>
        <span className="block text-sm text-faint">{t("machines.one.load_hint")}</span>
      </figcaption>
      <div className="mt-3 grid gap-3">
        {load.length === 0 && <p className="text-muted">{t("machines.chart.nothing")}</p>}
        {load.map((value, n) => {
          const span = spans[n];
          if (!span) return null;
          return (
            <Meter
              key={span}
              label={t(`machines.one.load_${span}`)}
              share={value / Math.max(1, processors)}
              text={format.number(Math.round(value * 100) / 100)}
            />
          );
        })}
        {swap > 0 && (
          <Meter
            label={t("machines.one.swap")}
            share={(sample?.swap_used_bytes ?? 0) / swap}
            text={t("machines.one.used_of", {
              used: format.bytes(sample?.swap_used_bytes ?? 0),
              all: format.bytes(swap),
            })}
          />
        )}
      </div>
    </figure>
  );
}
