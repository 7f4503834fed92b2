// A table on wide screens that becomes a stack of cards on a phone; each cell then carries its own heading.
import type { ReactNode } from "react";
import { cx } from "./cx";

export interface Column<T> {
  key: string;
  heading: string;
  cell: (row: T) => ReactNode;
  /** The heading stays for screen readers only, as for a column of buttons. */
  quiet?: boolean;
  className?: string;
  /** Left out on a phone, where room is dear; with "xl" also beside the side bar of a small screen. */
  wideOnly?: boolean | "xl";
  /** Takes what room the others leave and cuts off what is longer, so the table never outgrows its card. */
  grows?: boolean;
}

interface TableProps<T> {
  caption: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string | number;
}

export function Table<T>({ caption, columns, rows, rowKey }: TableProps<T>) {
  return (
    <table className="block w-full text-start md:table">
      <caption className="sr-only">{caption}</caption>
      <thead className="sr-only md:not-sr-only md:table-header-group">
        <tr className="border-b border-line">
          {columns.map((column) => (
            <th
              key={column.key}
              scope="col"
              className={cx(
                "px-5 py-2.5 text-start text-xs font-medium whitespace-nowrap text-faint",
                column.wideOnly === "xl" && "max-xl:hidden",
              )}
            >
              <span className={cx(column.quiet && "sr-only")}>{column.heading}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="block divide-y divide-line md:table-row-group">
        {rows.map((row) => (
          <tr
            key={rowKey(row)}
            className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-5 py-3 hover:bg-raised/50 md:table-row"
          >
            {columns.map((column) => (
              <td
                key={column.key}
                className={cx(
                  "min-w-0 align-middle first:w-full md:px-5 md:py-3 md:first:w-auto",
                  column.wideOnly && (column.wideOnly === "xl" ? "hidden xl:table-cell" : "hidden md:table-cell"),
                  column.grows ? "md:first:w-full md:max-w-0" : "md:whitespace-nowrap",
                  column.className,
                )}
              >
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
