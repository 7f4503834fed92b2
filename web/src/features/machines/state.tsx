// How a machine is: a sign of its own shape, a colour and a word, so that none of them is needed to know it.
import { useTranslation } from "react-i18next";
import type { Machine, MachineState } from "@/api/types";
import { Badge, type Tone } from "@/ui/badge";
import { Icon } from "@/ui/icon";

const tones: Record<MachineState, Tone> = {
  online: "ok",
  busy: "warn",
  offline: "plain",
  error: "danger",
  locked: "danger",
  revoked: "plain",
};

export function StateBadge({ state }: { state: MachineState }) {
  const { t } = useTranslation();
  return (
    <Badge tone={tones[state]}>
      <Sign state={state} />
      {t(`machines.state_${state}`)}
    </Badge>
  );
}

function Sign({ state }: { state: MachineState }) {
  if (state === "error") return <Icon name="warning" className="size-3.5" />;
  if (state === "locked") return <Icon name="lock" className="size-3.5" />;
  if (state === "revoked") return <Icon name="close" className="size-3.5" />;
  return (
    <svg aria-hidden="true" viewBox="0 0 12 12" className="size-2.5 shrink-0" fill="none" stroke="currentColor">
      {state === "online" && <circle cx="6" cy="6" r="5" fill="currentColor" stroke="none" />}
      {state === "offline" && <circle cx="6" cy="6" r="4.4" strokeWidth="1.6" />}
      {state === "busy" && (
        <>
          <circle cx="6" cy="6" r="4.4" strokeWidth="1.6" />
          <path d="M6 1.600a4.4 4.4 0 0 1 0 8.800z" fill="currentColor" stroke="none" />
        </>
      )}
    </svg>
  );
}

/** Whether a machine can be asked to do something. */
export function isThere({ state }: Pick<Machine, "state">): boolean {
  return state === "online" || state === "busy" || state === "error";
}
