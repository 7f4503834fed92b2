// Which layers hold on this machine, and why others do not.
import { useTranslation } from "react-i18next";
import type { SandboxLayer } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { More } from "@/ui/more";
import { Section } from "@/ui/page";

export function Sandbox({ layers }: { layers: SandboxLayer[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (layers.length === 0) return null;
  const active = layers.filter((layer) => layer.is_active).length;
  const missing = layers.filter((layer) => !layer.is_active);
  return (
    <Section
      title={t("machines.sandbox.title")}
      lead={t("machines.sandbox.lead", { active: format.number(active), all: format.number(layers.length) })}
    >
      {missing.length > 0 && <LayerList layers={missing} />}
      <More label={t("machines.sandbox.all_active")}>
        <LayerList layers={layers.filter((layer) => layer.is_active)} />
      </More>
    </Section>
  );
}

function LayerList({ layers }: { layers: SandboxLayer[] }) {
  const { t } = useTranslation();
  const name = useLayerName();
  return (
    <ul className="grid gap-2 py-1">
      {layers.map((layer) => (
        <li key={layer.name} className="flex items-start gap-2.5 text-base">
          <Icon
            name={layer.is_active ? "check" : "close"}
            className={cx("mt-0.5 size-4", layer.is_active ? "text-ok" : "text-faint")}
          />
          <span className="min-w-0">
            <span className="sr-only">
              {t(layer.is_active ? "machines.sandbox.active" : "machines.sandbox.missing")}:{" "}
            </span>
            {name(layer.name)}
            {layer.detail && (
              <bdi dir="ltr" lang="en" className="block text-sm wrap-anywhere text-faint rtl:text-end">
                {layer.detail}
              </bdi>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

function useLayerName() {
  const { t, i18n } = useTranslation();
  return (name: string) => {
    const key = `machines.layer.${name.replaceAll(" ", "_")}`;
    // A newer bridge may have layers that these words do not name.
    return i18n.exists(key) ? t(key as "machines.layer.landlock") : name;
  };
}
