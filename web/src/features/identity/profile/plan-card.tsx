import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { useMe } from "@/app/me";
import { useFormat } from "@/i18n/format";
import { Badge } from "@/ui/badge";
import { Section } from "@/ui/page";

export function PlanCard() {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const { plan } = useMe();
  const quotas = Object.entries(plan.quotas);
  const label = (name: string) =>
    i18n.exists(`quota.${name}`) ? t(`quota.${name}` as "quota.sessions") : name.replaceAll("_", " ");
  return (
    <Section
      title={t("profile.plan.title")}
      lead={t("profile.plan.lead")}
      actions={<Badge tone="accent">{planLabel(plan.name, t)}</Badge>}
    >
      <dl className="grid gap-x-8 gap-y-2 sm:grid-cols-2">
        {quotas.map(([name, value]) => (
          <div key={name} className="flex justify-between gap-4 border-b border-line py-1.5">
            <dt className="text-muted">{label(name)}</dt>
            <dd className="font-medium">{value === null ? t("profile.plan.unlimited") : format.number(value)}</dd>
          </div>
        ))}
      </dl>
      {quotas.length === 0 && <p className="text-muted">{t("profile.plan.no_quotas")}</p>}
    </Section>
  );
}

function planLabel(name: string, t: TFunction): string {
  return t(`plan.${name}` as "plan.free", { defaultValue: name });
}
