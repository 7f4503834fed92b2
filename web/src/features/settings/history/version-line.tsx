import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { SettingsVersion } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Badge, type Tone } from "@/ui/badge";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { Ago } from "@/ui/time";
import { useSettingTexts } from "../words";
import { Difference } from "./difference";

const tones: Record<SettingsVersion["cause"], Tone> = {
  start: "plain",
  file: "plain",
  edit: "accent",
  rollback: "warn",
  secret_moved: "ok",
};
const MOST_KEYS = 4;

interface VersionLineProps {
  version: SettingsVersion;
  isNewest: boolean;
  onRollBack: (() => void) | undefined;
}

export function VersionLine({ version, isNewest, onRollBack }: VersionLineProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const n = format.number(version.version);
  return (
    <>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2 px-5 py-4">
        <div className="min-w-0 flex-1 basis-64">
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <span className="font-medium">{t("settings.history.version_n", { n })}</span>
            {isNewest && <Badge tone="ok">{t("settings.history.newest")}</Badge>}
            <Badge tone={tones[version.cause]}>
              {version.cause === "rollback" && version.rolled_back_to !== null
                ? t("settings.history.cause_rollback_to", { n: format.number(version.rolled_back_to) })
                : t(`settings.history.cause_${version.cause}`)}
            </Badge>
          </p>
          <p className="mt-0.5 text-sm text-muted">
            {version.by && (
              <>
                <bdi>{version.by.name}</bdi> ·{" "}
              </>
            )}
            <Ago at={version.at} />
          </p>
          {version.comment && (
            <p className="mt-1.5 border-s-2 border-line ps-3 text-muted">
              <bdi>{version.comment}</bdi>
            </p>
          )}
          <Keys keys={version.keys} />
        </div>
        <div className="flex flex-wrap gap-2">
          {version.version > 1 && (
            <Button size="sm" look="quiet" aria-expanded={isOpen} aria-controls={id} onClick={() => setOpen(!isOpen)}>
              <Icon
                name="chevron"
                className={cx("size-4 transition-transform", isOpen && "rotate-90 rtl:-rotate-90")}
              />
              {t("settings.history.what")}
            </Button>
          )}
          {onRollBack && !isNewest && (
            <Button size="sm" onClick={onRollBack}>
              {t("settings.history.roll_back")}
            </Button>
          )}
        </div>
      </div>
      {isOpen && (
        <div id={id} className="border-t border-line bg-raised/40 px-5 py-4">
          <Difference from={version.version - 1} to={version.version} />
        </div>
      )}
    </>
  );
}

function Keys({ keys }: { keys: string[] }) {
  const { t } = useTranslation();
  const texts = useSettingTexts();
  const more = keys.length - MOST_KEYS;
  if (keys.length === 0) return null;
  return (
    <ul className="mt-2 flex flex-wrap gap-1.5">
      {keys.slice(0, MOST_KEYS).map((key) => (
        <li key={key}>
          <span title={key} className="rounded-sm bg-raised px-1.5 py-0.5 text-xs text-muted">
            <bdi>{texts.name(key)}</bdi>
          </span>
        </li>
      ))}
      {more > 0 && <li className="text-xs text-faint">{t("settings.history.more", { count: more })}</li>}
    </ul>
  );
}
