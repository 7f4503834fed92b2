// Reads a cron expression as far as it takes to say in words what it means. Whether it is valid, and when it comes,
// is the server's to say.

import type { ScheduleWhen } from "../api";

const fieldNames = ["second", "minute", "hour", "day", "month", "weekday"] as const;
type FieldName = (typeof fieldNames)[number];

export type Item =
  | { kind: "all" }
  | { kind: "value"; value: number }
  | { kind: "range"; from: number; to: number }
  | { kind: "step"; by: number; from: number | null; to: number | null }
  | { kind: "last" };

export interface CronField {
  name: FieldName;
  text: string;
  /** Null where it is not understood here. */
  items: Item[] | null;
}

const WORDS: Record<string, string> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};
/** Sunday is 7 too, while it is read. */
const BOUNDS: Record<FieldName, [number, number]> = {
  second: [0, 59],
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  month: [1, 12],
  weekday: [0, 6],
};
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** The fields, once there are as many as there must be. */
export function cronFields(expression: string): CronField[] | null {
  const text = expression.trim();
  const parts = (WORDS[text.toLowerCase()] ?? text).split(/\s+/).filter(Boolean);
  if (parts.length !== 5 && parts.length !== 6) return null;
  const names = fieldNames.slice(fieldNames.length - parts.length);
  return names.map((name, at) => ({ name, text: parts[at] ?? "", items: itemsOf(name, parts[at] ?? "") }));
}

/** Whether it tells the second too. */
export function hasSeconds(when: ScheduleWhen): boolean {
  return when.kind === "cron" && cronFields(when.expression)?.length === 6;
}

function itemsOf(name: FieldName, text: string): Item[] | null {
  const items = text.split(",").map((part) => itemOf(name, part.toLowerCase()));
  return items.every((item) => item !== null) ? (items as Item[]) : null;
}

function itemOf(name: FieldName, text: string): Item | null {
  if (isStar(text)) return { kind: "all" };
  if (text === "l" && name === "day") return { kind: "last" };
  const [range = "", step, ...rest] = text.split("/");
  if (rest.length > 0) return null;
  const [from, to] = isStar(range) ? [null, null] : bounds(name, range);
  if (Number.isNaN(from) || Number.isNaN(to)) return null;
  if (step !== undefined) {
    const by = /^\d{1,2}$/.test(step) ? Number(step) : 0;
    const [least, most] = BOUNDS[name];
    return by > 0 && by <= most - least + 1 ? { kind: "step", by, from, to } : null;
  }
  if (from === null) return null;
  return to === null ? { kind: "value", value: from } : { kind: "range", from, to };
}

function isStar(text: string): boolean {
  return text === "*" || text === "?";
}

function bounds(name: FieldName, text: string): [number, number | null] {
  const [from = "", to, ...rest] = text.split("-");
  if (rest.length > 0) return [Number.NaN, Number.NaN];
  const [first, last] = [numberOf(name, from), to === undefined ? null : numberOf(name, to)];
  if (last === null) return [shown(name, first), null];
  // A week may end with its Sunday.
  const end = name === "weekday" && last === 0 && first > 0 ? 7 : last;
  return first > end ? [Number.NaN, Number.NaN] : [shown(name, first), shown(name, last)];
}

function shown(name: FieldName, value: number): number {
  return name === "weekday" ? value % 7 : value;
}

function numberOf(name: FieldName, text: string): number {
  if (/^\d{1,2}$/.test(text)) {
    const [least, most] = BOUNDS[name];
    const isFit = Number(text) >= least && Number(text) <= (name === "weekday" ? 7 : most);
    return isFit ? Number(text) : Number.NaN;
  }
  const at = name === "month" ? MONTHS.indexOf(text) + 1 || -1 : name === "weekday" ? WEEKDAYS.indexOf(text) : -1;
  return at < 0 ? Number.NaN : at;
}

export type Shape =
  | { kind: "every_minute" }
  | { kind: "every_minutes"; by: number }
  | { kind: "hourly"; minute: number }
  | { kind: "every_hours"; by: number; minute: number }
  | { kind: "daily"; hour: number; minute: number }
  | { kind: "weekdays"; days: Item[]; hour: number; minute: number }
  | { kind: "monthly"; days: Item[]; hour: number; minute: number };

/** What is so common that there is one sentence for it. */
export function shapeOf(expression: string): Shape | null {
  const fields = cronFields(expression);
  if (fields?.length !== 5) return null;
  const [minute, hour, day, month, weekday] = fields.map(({ items }) => items);
  if (!isAll(month)) return null;
  const at = { minute: alone(minute), hour: alone(hour) };
  if (isAll(day) && isAll(weekday)) {
    if (isAll(minute) && isAll(hour)) return { kind: "every_minute" };
    const steps = { minute: stepOf(minute), hour: stepOf(hour) };
    // Steps that do not come out even are shorter before the full hour, or before midnight.
    if (steps.minute && 60 % steps.minute === 0 && isAll(hour)) return { kind: "every_minutes", by: steps.minute };
    if (at.minute !== null && isAll(hour)) return { kind: "hourly", minute: at.minute };
    if (at.minute !== null && steps.hour && 24 % steps.hour === 0)
      return { kind: "every_hours", by: steps.hour, minute: at.minute };
  }
  if (at.minute === null || at.hour === null) return null;
  const time = { hour: at.hour, minute: at.minute };
  if (isAll(day) && isAll(weekday)) return { kind: "daily", ...time };
  if (isAll(day) && isPlain(weekday)) return { kind: "weekdays", days: weekday, ...time };
  if (isPlain(day) && isAll(weekday)) return { kind: "monthly", days: day, ...time };
  return null;
}

function isAll(items: Item[] | null | undefined): boolean {
  return items?.length === 1 && items[0]?.kind === "all";
}

function isPlain(items: Item[] | null | undefined): items is Item[] {
  return Boolean(items?.every(({ kind }) => kind === "value" || kind === "range" || kind === "last"));
}

function alone(items: Item[] | null | undefined): number | null {
  const item = items?.length === 1 ? items[0] : undefined;
  return item?.kind === "value" ? item.value : null;
}

function stepOf(items: Item[] | null | undefined): number | null {
  const item = items?.length === 1 ? items[0] : undefined;
  return item?.kind === "step" && item.from === null ? item.by : null;
}
