import { Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Command } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { CommandState } from "../command/command-state";
import { CommandView } from "../command/command-view";

/** A line that opens: the output of a machine is fetched when somebody wants to see it. */
export function ResultRow({ command }: { command: Command }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <li>
      <div className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-5 py-3 hover:bg-raised/50">
        <button
          type="button"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
          className="flex min-w-0 flex-1 basis-48 items-center max-sm:basis-full gap-2 rounded-sm text-start font-medium after:absolute after:inset-0"
        >
          <Icon
            name="chevron"
            className={cx("size-4 text-faint transition-transform", open && "rotate-90 rtl:-rotate-90")}
          />
          <bdi dir="ltr" className="wrap-anywhere">
            {command.machine_name}
          </bdi>
        </button>
        <span className="max-sm:ps-6">
          <CommandState command={command} />
        </span>
        <span className="text-sm text-muted tabular-nums sm:min-w-16 sm:text-end">
          {command.usage && <bdi>{format.took(Math.round(command.usage.wall_us / 1000))}</bdi>}
        </span>
        <span className="text-sm text-muted tabular-nums sm:min-w-20 sm:text-end">
          {command.output_bytes + command.error_bytes > 0 && (
            <bdi>{format.bytes(command.output_bytes + command.error_bytes)}</bdi>
          )}
        </span>
      </div>
      <div id={id}>
        {open && (
          <div className="grid gap-3 px-5 pt-1 pb-5">
            <CommandView id={command.id} />
            <Link
              to="/machines/commands/$id"
              params={{ id: command.id }}
              className="justify-self-start rounded-sm text-sm text-accent underline-offset-2 hover:underline"
            >
              {t("commands.many.open_command")}
            </Link>
          </div>
        )}
      </div>
    </li>
  );
}
