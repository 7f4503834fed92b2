import { useTranslation } from "react-i18next";
import type { AuditEntry } from "@/api/types";
import { Badge, type Tone } from "@/ui/badge";

const tones: Record<AuditEntry["outcome"], Tone> = { ok: "ok", denied: "warn", failed: "danger" };

export function Outcome({ outcome }: { outcome: AuditEntry["outcome"] }) {
  const { t } = useTranslation();
  return <Badge tone={tones[outcome]}>{t(`audit.outcome_${outcome}`)}</Badge>;
}
