// One setting: what it is, its value, where that comes from, and the way back.
import { useTranslation } from "react-i18next";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import type { Item } from "./calls";
import { useEditing } from "./editing";
import { Control } from "./form/control";
import { Prose } from "./form/prose";
import { keyOf, same, shownValue } from "./model/edits";
import { isDeep, kindOf } from "./model/schema";
import { ValueText } from "./value-text";
import { useSettingTexts } from "./words";

export function SettingRow({ item }: { item: Item }) {
  const { edits, mayEdit, set } = useEditing();
  const key = keyOf(item);
  const isEdited = key in edits;
  const value = shownValue(item, edits);
  const differs = !same(value, item.default);
  return (
    <li
      id={rowId(key)}
      className={cx(
        "relative grid scroll-mt-20 gap-x-10 gap-y-3 px-5 py-4",
        !isDeep(item.schema) && "xl:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]",
      )}
    >
      {(isEdited || differs) && (
        <span
          aria-hidden="true"
          className={cx("absolute inset-y-4 start-0 w-0.5 rounded-full", isEdited ? "bg-accent" : "bg-edge/60")}
        />
      )}
      <About item={item} isEdited={isEdited} />
      <div className="grid min-w-0 content-start gap-2">
        <Control
          schema={item.schema}
          path={key}
          value={value}
          disabled={!mayEdit || item.is_locked}
          isTop
          onChange={(next) => set(item, next)}
        />
        <Origin item={item} isEdited={isEdited} differs={differs} />
        {item.pending && <Pending item={item} />}
      </div>
    </li>
  );
}

export function rowId(key: string): string {
  return `setting-${key}`;
}

function About({ item, isEdited }: { item: Item; isEdited: boolean }) {
  const { t } = useTranslation();
  const texts = useSettingTexts();
  const key = keyOf(item);
  return (
    <div className="min-w-0">
      <h3 className="flex flex-wrap items-center gap-x-2.5 gap-y-1 font-medium">
        <bdi>{texts.name(key)}</bdi>
        {isEdited && <Badge tone="accent">{t("settings.edited")}</Badge>}
        {item.pending && <Badge tone="warn">{t("settings.pending")}</Badge>}
      </h3>
      <p className="mt-0.5 max-w-prose text-sm text-muted">
        <Prose text={texts.about(key, item.description)} />
      </p>
      <p className="mt-1 flex flex-wrap gap-x-1.5 text-xs text-faint">
        <bdi dir="ltr" className="font-mono wrap-anywhere">
          {key}
        </bdi>
        <span className="whitespace-nowrap">
          <span aria-hidden="true" className="me-1.5">
            ·
          </span>
          {t(item.needs_restart ? "settings.needs_restart" : "settings.at_once")}
        </span>
      </p>
    </div>
  );
}

interface OriginProps {
  item: Item;
  isEdited: boolean;
  differs: boolean;
}

/** Where the value comes from, and how to be rid of it. */
function Origin({ item, isEdited, differs }: OriginProps) {
  const { t } = useTranslation();
  const texts = useSettingTexts();
  const { edits, mayEdit, toDefault, undo } = useEditing();
  const key = keyOf(item);
  const name = texts.name(key);
  if (item.is_locked) return <Locked item={item} />;
  const isReset = edits[key] === null;
  const isSecret = /secret$/.test(kindOf(item.schema));
  return (
    <div className="flex flex-wrap items-center gap-x-3 text-xs text-faint">
      <span>{isEdited ? t(isReset ? "settings.becomes_default" : "settings.not_saved") : <Source item={item} />}</span>
      {differs && !isDeep(item.schema) && !isSecret && (
        <span className="min-w-0">
          {t("settings.default_is")} <ValueText value={item.default} path={key} />
        </span>
      )}
      {isEdited && (
        <Button size="sm" look="quiet" className="-ms-2.5 text-xs" onClick={() => undo(key)}>
          {t("settings.undo")}
          <span className="sr-only">{name}</span>
        </Button>
      )}
      {mayEdit && !isReset && item.source === "file" && (
        <Button size="sm" look="quiet" className="-ms-2.5 text-xs" onClick={() => toDefault(item)}>
          {t("settings.to_default")}
          <span className="sr-only">{name}</span>
        </Button>
      )}
    </div>
  );
}

function Source({ item }: { item: Item }) {
  const { t } = useTranslation();
  if (item.source !== "file") return t(`settings.source_${item.source}`);
  return item.line === null ? t("settings.source_file") : t("settings.source_line", { line: item.line });
}

function Locked({ item }: { item: Item }) {
  const { t } = useTranslation();
  return (
    <p className="flex items-start gap-2 text-sm text-muted">
      <Icon name="lock" className="mt-0.5 size-4 text-faint" />
      <span className="min-w-0">
        {item.source === "flag" ? (
          t("settings.locked_flag")
        ) : (
          <>
            {t("settings.locked_variable")}{" "}
            <bdi dir="ltr" className="font-mono wrap-anywhere">
              {item.variable}
            </bdi>
          </>
        )}
      </span>
    </p>
  );
}

function Pending({ item }: { item: Item }) {
  const { t } = useTranslation();
  return (
    <p className="flex items-start gap-2 text-sm text-warn">
      <Icon name="clock" className="mt-0.5 size-4" />
      <span className="min-w-0">
        {t("settings.in_force")} <ValueText value={item.in_force} path={keyOf(item)} />
      </span>
    </p>
  );
}
