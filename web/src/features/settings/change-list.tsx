// What changes, or changed: the setting, and its value before and after. Lists and maps are compared line by line.
import { useTranslation } from "react-i18next";
import type { SettingChange } from "@/api/types";
import { Badge } from "@/ui/badge";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { diffLines, excerpt, isDeepValue, type Line, toLines } from "./model/lines";
import { DOTS } from "./model/schema";
import { ValueText } from "./value-text";
import { useSettingTexts } from "./words";

export function ChangeList({ changes }: { changes: SettingChange[] }) {
  const { t } = useTranslation();
  if (changes.length === 0) return <p className="text-muted">{t("settings.no_difference")}</p>;
  return (
    <ul className="divide-y divide-line rounded-md border border-line">
      {changes.map((change) => (
        <li key={change.key} className="grid gap-1.5 px-4 py-3">
          <ChangeTitle change={change} />
          <Difference change={change} />
        </li>
      ))}
    </ul>
  );
}

function ChangeTitle({ change }: { change: SettingChange }) {
  const { t } = useTranslation();
  const texts = useSettingTexts();
  return (
    <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
      <bdi className="font-medium">{texts.name(change.key)}</bdi>
      <bdi dir="ltr" className="font-mono text-xs text-faint wrap-anywhere">
        {change.key}
      </bdi>
      {change.needs_restart && <Badge>{t("settings.needs_restart")}</Badge>}
    </p>
  );
}

function Difference({ change }: { change: SettingChange }) {
  const { t } = useTranslation();
  if (change.old === DOTS && change.new === DOTS) return <p className="text-muted">{t("settings.secret.changed")}</p>;
  if (isDeepValue(change.old) || isDeepValue(change.new)) {
    const lines = diffLines(toLines(change.old), toLines(change.new));
    // Only hidden secrets may differ.
    if (lines.every(({ mark }) => mark === "same")) {
      return <p className="text-muted">{t("settings.secret.changed")}</p>;
    }
    return <Lines lines={excerpt(lines)} />;
  }
  return (
    <p className="flex flex-wrap items-center gap-x-2 text-sm">
      <del className="min-w-0 text-muted decoration-danger/60">
        <ValueText value={change.old} path={change.key} />
      </del>
      <Icon name="chevron" className="size-3.5 text-faint" />
      <span className="sr-only">{t("settings.becomes")}</span>
      <ins className="min-w-0 font-medium no-underline">
        <ValueText value={change.new} path={change.key} />
      </ins>
    </p>
  );
}

const looks: Record<Line["mark"], [string, string]> = {
  gap: ["text-faint bg-raised", " "],
  same: ["text-faint", " "],
  old: ["bg-danger-soft text-danger", "−"],
  new: ["bg-ok-soft text-ok", "+"],
};

function Lines({ lines }: { lines: Line[] }) {
  const { t } = useTranslation();
  const told = { gap: "", same: "", old: t("settings.line_old"), new: t("settings.line_new") };
  return (
    <div dir="ltr" className="overflow-x-auto rounded-sm border border-line font-mono text-xs leading-5">
      <div className="min-w-fit py-1">
        {lines.map(({ mark, text }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its place only
          <p key={at} className={cx("relative flex gap-2 px-2 whitespace-pre", looks[mark][0])}>
            <span aria-hidden="true" className="w-2 select-none">
              {looks[mark][1]}
            </span>
            {told[mark] && <span className="sr-only">{told[mark]}</span>}
            {text}
          </p>
        ))}
      </div>
    </div>
  );
}
