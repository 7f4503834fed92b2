import { useTranslation } from "react-i18next";
import type { Setting } from "@/api/types";
import { Badge, type Tone } from "@/ui/badge";
import { Card } from "@/ui/page";

const sourceTones: Record<Setting["source"], Tone> = {
  default: "plain",
  file: "accent",
  environment: "ok",
  flag: "warn",
};

export function SettingSection({ section, settings }: { section: string; settings: Setting[] }) {
  return (
    <Card>
      <h2 className="border-b border-line px-5 py-3 font-semibold">
        <bdi dir="ltr" className="font-mono">
          {section}
        </bdi>
      </h2>
      <dl className="divide-y divide-line">
        {settings.map((setting) => (
          <SettingLine key={setting.key} setting={setting} />
        ))}
      </dl>
    </Card>
  );
}

function SettingLine({ setting }: { setting: Setting }) {
  const { t } = useTranslation();
  return (
    <div className="grid gap-x-8 gap-y-2 px-5 py-3.5 md:grid-cols-[1fr_1fr]">
      <dt className="min-w-0">
        <bdi dir="ltr" className="font-mono text-sm font-medium">
          {setting.key}
        </bdi>
        <span dir="auto" className="block text-sm text-faint">
          {setting.description}
        </span>
      </dt>
      <dd className="flex min-w-0 flex-wrap items-start justify-between gap-2">
        <Value value={setting.value} />
        <span className="flex flex-wrap gap-1.5">
          {!setting.needs_restart && <Badge>{t("settings.at_once")}</Badge>}
          <Badge tone={sourceTones[setting.source]}>{t(`settings.source_${setting.source}`)}</Badge>
        </span>
      </dd>
    </div>
  );
}

/** What is set stands as it would be typed; what is not set is said in words. */
function Value({ value }: { value: unknown }) {
  const { t } = useTranslation();
  if (value == null || value === "") return <span className="text-sm text-faint">{t("settings.not_set")}</span>;
  if (Array.isArray(value) && value.length === 0) {
    return <span className="text-sm text-faint">{t("settings.none")}</span>;
  }
  if (typeof value === "boolean") return <span className="text-sm">{t(value ? "settings.yes" : "settings.no")}</span>;
  return (
    <bdi dir="ltr" className="min-w-0 font-mono text-sm break-all">
      {written(value)}
    </bdi>
  );
}

function written(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.join(", ");
  return JSON.stringify(value);
}
