import { describe, expect, it } from "vitest";
import { cronFields, shapeOf } from "./cron";

const items = (expression: string) => cronFields(expression)?.map((field) => field.items);

describe("a cron expression", () => {
  it("has five fields, or six with seconds, or is one word", () => {
    expect(cronFields("0 3 * * 1")?.map(({ name }) => name)).toEqual(["minute", "hour", "day", "month", "weekday"]);
    expect(cronFields("30 0 3 * * 1")?.[0]).toMatchObject({ name: "second", text: "30" });
    expect(cronFields("@Daily")?.map(({ text }) => text)).toEqual(["0", "0", "*", "*", "*"]);
    expect(cronFields("0 3 * *")).toBeNull();
    expect(cronFields("")).toBeNull();
    expect(cronFields("@sometimes")).toBeNull();
  });

  it("is read field by field", () => {
    expect(items("*/15 8-18/2 1,15,L jan-mar MON,7")).toEqual([
      [{ kind: "step", by: 15, from: null, to: null }],
      [{ kind: "step", by: 2, from: 8, to: 18 }],
      [{ kind: "value", value: 1 }, { kind: "value", value: 15 }, { kind: "last" }],
      [{ kind: "range", from: 1, to: 3 }],
      [
        { kind: "value", value: 1 },
        { kind: "value", value: 0 },
      ],
    ]);
  });

  it.each(["x", "1-", "-1", "1-2-3", "*/0", "*/x", "1/2/3", "1,", "L", "mon"])("leaves %s to the server", (text) => {
    expect(cronFields(`${text} * * * *`)?.[0]?.items).toBeNull();
  });

  it.each([
    "60 * * * *",
    "* 24 * * *",
    "* 22-2 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "* * * * sat-mon",
    "*/61 * * * *",
  ])("explains nothing of %s that is refused", (expression) => {
    expect(items(expression)).toContain(null);
  });

  it("lets a week end with its Sunday", () => {
    for (const weekend of ["5-7", "fri-sun", "5-0"]) {
      expect(items(`* * * * ${weekend}`)?.[4]).toEqual([{ kind: "range", from: 5, to: 0 }]);
    }
  });

  it.each([
    ["* * * * *", { kind: "every_minute" }],
    ["*/5 * * * *", { kind: "every_minutes", by: 5 }],
    ["15 * * * *", { kind: "hourly", minute: 15 }],
    ["0 */6 * * *", { kind: "every_hours", by: 6, minute: 0 }],
    ["30 3 * * *", { kind: "daily", hour: 3, minute: 30 }],
    ["0 9 * * mon-fri", { kind: "weekdays", days: [{ kind: "range", from: 1, to: 5 }], hour: 9, minute: 0 }],
    ["0 0 1,L * *", { kind: "monthly", days: [{ kind: "value", value: 1 }, { kind: "last" }], hour: 0, minute: 0 }],
    ["@hourly", { kind: "hourly", minute: 0 }],
  ])("%s has a sentence", (expression, shape) => {
    expect(shapeOf(expression)).toEqual(shape);
  });

  it.each([
    "0 9 1 * mon",
    "0 9 * 6 *",
    "0,30 9 * * *",
    "10 0 9 * * *",
    "1-5 * * * *",
    "*/45 * * * *",
    "0 */5 * * *",
    "nonsense",
  ])("%s has none", (expression) => {
    expect(shapeOf(expression)).toBeNull();
  });
});
