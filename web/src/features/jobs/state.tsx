// Where a job stands: a sign, a colour and a word, so that none of them is needed to know it.
import { useTranslation } from "react-i18next";
import { Badge, type Tone } from "@/ui/badge";
import { Icon, type IconName } from "@/ui/icon";
import type { Job, JobState } from "./api";

/** What is known of it; of others than the one that is looked at it is the state alone. */
export type Standing = Pick<Job, "state"> &
  Partial<Pick<Job, "hold" | "cancel_asked_at" | "exit_code" | "signal" | "reason">>;

const looks: Record<JobState, [Tone, IconName]> = {
  queued: ["plain", "clock"],
  leased: ["accent", "upload"],
  running: ["accent", "play"],
  succeeded: ["ok", "check"],
  failed: ["danger", "close"],
  cancelled: ["plain", "stop"],
  timed_out: ["danger", "clock"],
  expired: ["warn", "clock"],
};

export function isOpen({ state }: Pick<Job, "state">): boolean {
  return state === "queued" || state === "leased" || state === "running";
}

export function JobStateBadge({ job }: { job: Standing }) {
  const words = useStateWords();
  const [tone, icon] = looks[job.state];
  return (
    <Badge tone={job.hold === "dependencies" && job.state === "queued" ? "plain" : tone}>
      <Icon name={job.hold === "dependencies" && job.state === "queued" ? "link" : icon} className="size-3.5" />
      {words(job)}
    </Badge>
  );
}

function useStateWords() {
  const { t } = useTranslation();
  return ({ state, hold, cancel_asked_at, exit_code, signal, reason }: Standing): string => {
    if (isOpen({ state }) && cancel_asked_at) return t("jobs.state.stopping");
    if (state === "queued" && hold) return t(`jobs.hold.${hold}`);
    if (state === "failed" && reason === "unknown_outcome") return t("jobs.state.unknown");
    if (state === "failed" && reason === "refused") return t("jobs.state.refused");
    if (state === "failed" && reason === "needs_approval") return t("jobs.state.needs_approval");
    if (state === "failed" && reason === "exit_code" && typeof exit_code === "number") {
      return t("jobs.state.status", { n: exit_code });
    }
    if (state === "failed" && reason === "signal" && typeof signal === "number") {
      return t("jobs.state.signalled", { n: signal });
    }
    return t(`jobs.state.${state}`);
  };
}
