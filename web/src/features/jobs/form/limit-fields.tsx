// How much of its machine a job may use.
import { useTranslation } from "react-i18next";
import { Field, Input } from "@/ui/field";
import type { PartProps } from "./job-fields";
import { limits } from "./limits";

export function LimitFields({ draft, set, complaints }: PartProps) {
  const { t } = useTranslation();
  return (
    <>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        {limits.map((limit) => (
          <Field key={limit} label={t(`jobs.form.limit.${limit}`)} optional error={complaints.at(`limits.${limit}`)}>
            <Input
              code
              inputMode="decimal"
              maxLength={24}
              value={draft.limits[limit]}
              onChange={(event) => set({ limits: { ...draft.limits, [limit]: event.target.value } })}
              className="max-w-40"
            />
          </Field>
        ))}
      </div>
      <p className="max-w-prose text-sm text-muted">{t("jobs.form.limits_hint")}</p>
    </>
  );
}
