import { useTranslation } from "react-i18next";
import { type Format, useFormat } from "@/i18n/format";
import type { Schema } from "../model/schema";
import { type Unit, unitOf } from "../model/unit";

/** What a number may be, and what it comes to: 10080 minutes are 7 days. */
export function UnitHint({ path, schema, value }: { path: string; schema: Schema; value: unknown }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { minimum: least, maximum: most } = schema;
  const meaning = typeof value === "number" && value > 0 ? meaningOf(value, unitOf(path), format) : null;
  const bounds =
    least !== undefined && most !== undefined
      ? t("settings.bounds", { least: format.number(least), most: format.number(most) })
      : null;
  if (!meaning && !bounds) return null;
  return (
    <span className="flex flex-wrap gap-x-2">
      {meaning && <span className="text-muted">{meaning}</span>}
      {meaning && bounds && <span aria-hidden="true">·</span>}
      {bounds && <span>{bounds}</span>}
    </span>
  );
}

/** What is told in its smallest unit already needs no second telling. */
function meaningOf(value: number, unit: Unit, format: Format): string | null {
  if (unit.bytes) return format.bytes(value * unit.bytes);
  const next = unit.seconds && { 1: 120, 60: 60, 3600: 24 }[unit.seconds];
  if (!unit.seconds || !next || value < next) return null;
  const total = value * unit.seconds;
  return total < DAY_S ? format.duration(total) : format.days(total / DAY_S);
}

const DAY_S = 86_400;
