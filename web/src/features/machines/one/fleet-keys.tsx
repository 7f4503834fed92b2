// While the fleet's own keys change: how many machines have learned the new ones, and which have not.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { useFormat } from "@/i18n/format";
import { Notice } from "@/ui/notice";
import { Moment } from "@/ui/time";
import { fleetKeysQuery } from "../queries";

export function FleetKeys() {
  const mayManage = useCan("machines.manage");
  return mayManage ? <Shown /> : null;
}

function Shown() {
  const { t } = useTranslation();
  const format = useFormat();
  const { data: keys } = useQuery(fleetKeysQuery);
  if (!keys || (!keys.overlap_ends_at && keys.count_without === 0)) return null;
  const learned = format.number(keys.machines - keys.count_without);
  return (
    <Notice
      tone={keys.count_without === 0 ? "ok" : "warn"}
      title={t("machines.fleet_keys.learned", { learned, all: format.number(keys.machines) })}
      className="mb-6"
    >
      <p>
        {keys.overlap_ends_at ? t("machines.fleet_keys.until") : t("machines.fleet_keys.over")}{" "}
        {keys.overlap_ends_at && <Moment at={keys.overlap_ends_at} />}
      </p>
      {keys.without.length > 0 && (
        <p className="wrap-anywhere">
          {t("machines.fleet_keys.without")} <bdi dir="ltr">{keys.without.map(({ name }) => name).join(", ")}</bdi>
        </p>
      )}
    </Notice>
  );
}
