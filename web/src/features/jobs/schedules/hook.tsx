// How a schedule is called from outside: its address, its signing secret (shown once), and how a call looks.
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Dialog, DialogActions } from "@/ui/dialog";
import { LeaveGuard } from "@/ui/leave-guard";
import { Section } from "@/ui/page";
import { SecretLine } from "@/ui/secret-line";
import type { Schedule } from "../api";
import { newHookSecret } from "../calls";
import { useMayChange } from "../use-jobs";
import { curlExample, leadKey } from "./hook-example";

interface HookProps {
  schedule: Schedule;
  url: string;
  provider: "diwan" | "github" | "gitlab" | "gitea";
}

export function Hook({ schedule, url, provider }: HookProps) {
  const { t } = useTranslation();
  const mayChange = useMayChange(schedule.owner);
  const [isAsking, setAsking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <Section
      title={t("schedules.hook.title")}
      lead={t(`schedules.hook.${leadKey(provider)}`)}
      actions={
        mayChange && (
          <Button icon="key" onClick={() => setAsking(true)}>
            {t("schedules.hook.new_secret")}
          </Button>
        )
      }
    >
      <div className="grid gap-4">
        <div className="min-w-0">
          <h3 className="mb-1.5 text-sm font-medium">{t("schedules.hook.url")}</h3>
          <SecretLine text={url} />
        </div>
        {provider === "diwan" && (
          <div className="min-w-0">
            <h3 className="mb-1.5 text-sm font-medium">{t("schedules.hook.example")}</h3>
            <pre
              dir="ltr"
              // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
              tabIndex={0}
              className="overflow-x-auto rounded-md border border-line bg-raised p-3 font-mono text-sm"
            >
              {curlExample(url)}
            </pre>
          </div>
        )}
      </div>
      {isAsking && <NewSecret id={schedule.id} onSecret={setSecret} onClose={() => setAsking(false)} />}
      {secret && <SecretDialog secret={secret} onClose={() => setSecret(null)} />}
    </Section>
  );
}

/**
 * Shown this once: it is in this dialog alone, which closes by its button only and begins at the one that copies. Whoever
 * goes back or elsewhere is asked.
 */
export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  const { t } = useTranslation();
  const isKept = useRef(false);
  return (
    <>
      <Dialog open title={t("schedules.hook.secret_title")} description={t("schedules.hook.secret_lead")}>
        <SecretLine text={secret} />
        <DialogActions>
          <Button
            look="primary"
            onClick={() => {
              isKept.current = true;
              onClose();
            }}
          >
            {t("common.done")}
          </Button>
        </DialogActions>
      </Dialog>
      <LeaveGuard
        isOn
        isSaved={() => isKept.current}
        title={t("schedules.hook.leave_title")}
        text={t("schedules.hook.leave_text")}
        leave={t("jobs.leave.action")}
        stay={t("jobs.leave.stay")}
      />
    </>
  );
}

/** The one before is worth nothing from then on. */
function NewSecret({ id, onSecret, onClose }: { id: string; onSecret: (secret: string) => void; onClose: () => void }) {
  const { t } = useTranslation();
  async function make() {
    onSecret((await newHookSecret(id)).secret);
  }
  return (
    <Confirm
      look="primary"
      title={t("schedules.hook.new_title")}
      action={t("schedules.hook.new_secret")}
      run={make}
      onClose={onClose}
    >
      {t("schedules.hook.new_text")}
    </Confirm>
  );
}
