import { useTranslation } from "react-i18next";
import type { Secret } from "@/api/types";
import { Badge, type Tone } from "@/ui/badge";

const tones: Record<Secret["state"], Tone> = { fresh: "ok", due_soon: "warn", due: "danger", expired: "danger" };

export function SecretState({ state }: { state: Secret["state"] }) {
  const { t } = useTranslation();
  return <Badge tone={tones[state]}>{t(`vault.state_${state}`)}</Badge>;
}
