// How the settings are as a whole: a refused file, a restart that is due, secrets in plain text, a file that may not
// be written, and a person who may not change anything.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PlainSecret, SettingFault } from "@/api/types";
import { useCan } from "@/app/me";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { Notice } from "@/ui/notice";
import { Ago } from "@/ui/time";
import type { Settings } from "../calls";
import { useEditing } from "../editing";
import { ComplaintText } from "../form/complaint";
import { MoveDialog } from "../form/move-dialog";
import { keyOf } from "../model/edits";
import { complaintOf, settingOf } from "../model/faults";
import { ValueText } from "../value-text";
import { useSettingTexts } from "../words";

export function Banners() {
  const { t } = useTranslation();
  const { settings } = useEditing();
  const mayManage = useCan("settings.manage");
  return (
    <div className="mb-6 grid gap-3 empty:hidden">
      {settings.refused && <Refused refused={settings.refused} />}
      {settings.restart_needed && <RestartNeeded settings={settings} />}
      {settings.plain_secrets.length > 0 && <PlainSecrets secrets={settings.plain_secrets} />}
      {mayManage && !settings.file.is_writable && (
        <Notice title={t("settings.read_only")}>
          <p>{t("settings.read_only_text")}</p>
          <FilePath path={settings.file.path} />
        </Notice>
      )}
      {!mayManage && <Notice title={t("settings.look_only")}>{t("settings.look_only_text")}</Notice>}
    </div>
  );
}

function Refused({ refused }: { refused: NonNullable<Settings["refused"]> }) {
  const { t } = useTranslation();
  const { settings } = useEditing();
  return (
    <Notice tone="danger" live title={t("settings.refused")}>
      <p>
        {t("settings.refused_text")} <Ago at={refused.at} />
      </p>
      <ul className="mt-2 grid gap-2">
        {refused.faults.map((fault) => (
          <li key={`${fault.key} ${fault.line} ${fault.reason}`}>
            <FaultLine fault={fault} path={settings.file.path} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function FaultLine({ fault, path }: { fault: SettingFault; path: string }) {
  const { t } = useTranslation();
  const place = [fault.file ?? path, fault.line, fault.column].filter((one) => one !== null).join(":");
  return (
    <>
      <div className="flex flex-wrap items-baseline gap-x-2 text-ink">
        {fault.key && (
          <bdi dir="ltr" className="font-mono text-sm font-medium wrap-anywhere">
            {fault.key}
          </bdi>
        )}
        {fault.kind === "unreadable" && <span>{t("settings.unreadable")}</span>}
        {fault.kind === "malformed" && <span>{t("settings.malformed")}</span>}
        <ComplaintText complaint={complaintOf(fault)} />
      </div>
      {fault.source === "file" && (
        <p className="text-sm">
          <bdi dir="ltr" className="font-mono text-xs wrap-anywhere">
            {place}
          </bdi>
        </p>
      )}
    </>
  );
}

function RestartNeeded({ settings }: { settings: Settings }) {
  const { t } = useTranslation();
  const texts = useSettingTexts();
  return (
    <Notice tone="warn" title={t("settings.restart")}>
      <p>{t("settings.restart_text")}</p>
      <ul className="mt-2 grid gap-1 text-sm">
        {settings.items
          .filter((item) => item.pending)
          .map((item) => (
            <li key={keyOf(item)} className="flex flex-wrap gap-x-2">
              <bdi className="font-medium text-ink">{texts.name(keyOf(item))}</bdi>
              <span className="min-w-0">
                <ValueText value={item.in_force} path={keyOf(item)} />
                <Icon name="chevron" className="mx-1 inline size-3.5 text-faint" />
                <span className="sr-only">{t("settings.becomes")}</span>
                <ValueText value={item.value} path={keyOf(item)} />
              </span>
            </li>
          ))}
      </ul>
    </Notice>
  );
}

function PlainSecrets({ secrets }: { secrets: PlainSecret[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const texts = useSettingTexts();
  const { mayEdit } = useEditing();
  const [moving, setMoving] = useState<PlainSecret | null>(null);
  return (
    <Notice tone="warn" title={t("settings.plain", { count: secrets.length })}>
      <p>{t("settings.plain_text")}</p>
      <ul className="mt-2 grid gap-2">
        {secrets.map((secret) => (
          <li key={secret.key} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
            <span className="min-w-0 text-ink">
              <bdi className="font-medium">{format.list(namesOf(secret.key).map(texts.name))}</bdi>{" "}
              <bdi dir="ltr" className="font-mono text-xs text-muted wrap-anywhere">
                {secret.key}
              </bdi>
              {secret.line !== null && (
                <span className="text-sm text-muted"> · {t("settings.line", { line: secret.line })}</span>
              )}
            </span>
            {mayEdit && (
              <Button size="sm" icon="lock" onClick={() => setMoving(secret)}>
                {t("settings.secret.move")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {moving && <MoveDialog secret={moving} onClose={() => setMoving(null)} />}
    </Notice>
  );
}

/** The setting, and the field within it where it is a deep one. */
function namesOf(path: string): string[] {
  return [...new Set([settingOf(path), path])];
}

function FilePath({ path }: { path: string }) {
  return (
    <bdi dir="ltr" className="font-mono text-xs wrap-anywhere">
      {path}
    </bdi>
  );
}
