import { useTranslation } from "react-i18next";
import type { MachineSample } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Section } from "@/ui/page";
import { Meter } from "../meter";

export function Disks({ disks }: { disks: MachineSample["disks"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (disks.length === 0) return null;
  return (
    <Section title={t("machines.one.disks")}>
      <ul className="grid gap-4">
        {disks.map((disk) => (
          <li key={disk.path}>
            <p dir="ltr" className="truncate font-mono text-sm rtl:text-end">
              {disk.path}
            </p>
            <Meter
              label={t("machines.one.disk_used")}
              share={disk.bytes ? disk.used_bytes / disk.bytes : 0}
              text={t("machines.one.used_of", { used: format.bytes(disk.used_bytes), all: format.bytes(disk.bytes) })}
            />
          </li>
        ))}
      </ul>
    </Section>
  );
}
