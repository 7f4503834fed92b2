// Why jobs end otherwise than wanted, in a few words each.
import { useTranslation } from "react-i18next";

export const reasons = [
  "exit_code",
  "signal",
  "timeout",
  "queue_timeout",
  "refused",
  "needs_approval",
  "not_started",
  "over_limit",
  "stopped",
  "never_arrived",
  "unknown_outcome",
  "machine_lost",
  "machine_revoked",
  "owner_gone",
  "secret_denied",
  "secret_unknown",
  "secret_unusable",
  "bridge_too_old",
] as const;

export function useReasonWords() {
  const { t } = useTranslation();
  return (reason: string | null): string => {
    const known = reasons.find((one) => one === reason);
    return known ? t(`jobs.reason.${known}.short`) : (reason ?? "");
  };
}
