import { useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { useComplaint, useEditing } from "../editing";
import { emptyOf, isMap, type Schema } from "../model/schema";
import { AddButton } from "./add-button";
import { ComplaintText } from "./complaint";
import type { ListProps } from "./list-control";
import { MapFields } from "./map-control";

/** One card is open at a time, and stays so when it gets another place. */
export function MapList({ items, path, list, disabled, onChange }: ListProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<number | null>(null);
  const move = (at: number, to: number) => {
    onChange(list.toSpliced(at, 1).toSpliced(to, 0, list[at]));
    if (open === at) setOpen(to);
    else if (open === to) setOpen(at);
  };
  const remove = (at: number) => {
    onChange(list.toSpliced(at, 1));
    setOpen(open === null || open === at ? null : open > at ? open - 1 : open);
  };
  const add = () => {
    onChange([...list, emptyOf(items)]);
    setOpen(list.length);
  };
  return (
    <>
      {list.length > 0 && (
        <ol className="divide-y divide-line overflow-hidden rounded-md border border-line">
          {list.map((item, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an entry is known by its place only
            <li key={at}>
              <MapEntry
                schema={items}
                path={`${path}[${at}]`}
                value={isMap(item) ? item : {}}
                disabled={disabled}
                isOpen={open === at}
                onToggle={() => setOpen(open === at ? null : at)}
                onChange={(next) => onChange(list.with(at, next))}
                onRemove={() => remove(at)}
                onUp={at > 0 ? () => move(at, at - 1) : undefined}
                onDown={at < list.length - 1 ? () => move(at, at + 1) : undefined}
              />
            </li>
          ))}
        </ol>
      )}
      <div className="flex items-center gap-4 empty:hidden">
        {list.length === 0 && <span className="text-muted">{t("settings.none")}</span>}
        {!disabled && <AddButton onClick={add} />}
      </div>
    </>
  );
}

interface MapEntryProps {
  schema: Schema;
  path: string;
  value: Record<string, unknown>;
  disabled: boolean;
  isOpen: boolean;
  onToggle: () => void;
  onChange: (value: unknown) => void;
  onRemove: () => void;
  onUp: (() => void) | undefined;
  onDown: (() => void) | undefined;
}

function MapEntry({
  schema,
  path,
  value,
  disabled,
  isOpen,
  onToggle,
  onChange,
  onRemove,
  onUp,
  onDown,
}: MapEntryProps) {
  const { t } = useTranslation();
  const { complaints } = useEditing();
  const wrong = complaints.filter((one) => one.path.startsWith(path)).length;
  const own = useComplaint(path);
  const [name, ...details] = titles(value);
  const title = name ?? t("settings.unnamed");
  return (
    <>
      <div className="flex items-center gap-1 ps-2 pe-1">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={onToggle}
          className="flex min-h-11 min-w-0 flex-1 items-center gap-2 rounded-sm px-1 text-start"
        >
          <Icon
            name="chevron"
            className={cx("size-4 text-faint transition-transform", isOpen && "rotate-90 rtl:-rotate-90")}
          />
          <span className="flex min-w-0 items-baseline gap-x-2">
            <bdi className="truncate font-medium">{title}</bdi>
            {details.length > 0 && <bdi className="min-w-0 truncate text-sm text-faint">{details.join(" · ")}</bdi>}
          </span>
          {wrong > 0 && (
            <span className="ms-auto flex items-center gap-1 text-sm text-danger">
              <Icon name="warning" className="size-4" />
              {t("settings.faults", { count: wrong })}
            </span>
          )}
        </button>
        {!disabled && (
          <>
            {onUp && (
              <IconButton
                icon="down"
                className="[&>svg]:rotate-180"
                label={t("settings.move_up", { name: title })}
                onClick={onUp}
              />
            )}
            {onDown && <IconButton icon="down" label={t("settings.move_down", { name: title })} onClick={onDown} />}
            <IconButton icon="trash" label={t("settings.remove_entry", { entry: title })} onClick={onRemove} />
          </>
        )}
      </div>
      {isOpen && (
        <div className="border-t border-line bg-raised/40 p-4">
          {own && (
            <p className="mb-3 text-sm text-danger">
              <ComplaintText complaint={own} />
            </p>
          )}
          <MapFields schema={schema} path={path} value={value} disabled={disabled} onChange={onChange} />
        </div>
      )}
    </>
  );
}

/** What tells an entry from the others. */
function titles(value: Record<string, unknown>): string[] {
  const found = ["label", "name", "id", "issuer", "address"].map((key) => value[key]);
  return found.filter((one): one is string => typeof one === "string" && one !== "").slice(0, 2);
}
