// Which files of a job are kept: a pattern on each line.
import { useTranslation } from "react-i18next";
import { Field, Textarea } from "@/ui/field";
import type { PartProps } from "./job-fields";

export function ArtifactFields({ draft, set, complaints }: PartProps) {
  const { t } = useTranslation();
  return (
    <>
      <Field label={t("jobs.form.artifacts")} hint={t("jobs.form.artifacts_hint")} error={complaints.at("artifacts")}>
        <Textarea
          dir="ltr"
          rows={3}
          spellCheck={false}
          maxLength={8192}
          className="font-mono text-sm"
          placeholder={"dist/**\n*.log"}
          value={draft.artifacts}
          onChange={(event) => set({ artifacts: event.target.value })}
        />
      </Field>
      <p className="max-w-prose text-sm text-muted">{t("jobs.form.artifacts_where")}</p>
    </>
  );
}
