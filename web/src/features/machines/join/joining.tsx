// The line to paste, and what becomes of it: the live feed says when the machine has joined and when it is there.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { JoinToken } from "@/api/types";
import { Button, buttonLook } from "@/ui/button";
import { Choice } from "@/ui/choice";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { SecretLine } from "@/ui/secret-line";
import { joinTokenQuery } from "../queries";
import { isolated, useNow, useRefresh } from "../use-machines";
import type { Made } from "./join-dialog";
import { JoinSteps } from "./join-steps";
import { LeaveDialog } from "./leave-dialog";

type Way = keyof Made["lines"];

export function Joining({ made, onClose }: { made: Made; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const token = useQuery(joinTokenQuery(made.id));
  const [leaving, setLeaving] = useState(false);
  const now = useNow(1000);
  const left = new Date(made.expires_at).getTime() - now;
  const told: JoinToken["state"] = token.data?.state ?? "waiting";
  // The server says nothing at the moment when a token expires.
  const state = told === "waiting" && left <= 0 ? "expired" : told;
  const machine = token.data?.machine;
  const close = () => (state === "waiting" ? setLeaving(true) : onClose());

  async function withdraw() {
    await unwrap(api.DELETE("/join-tokens/{id}", { params: { path: { id: made.id } } }));
    await refresh();
    onClose();
  }

  return (
    <Dialog
      wide
      open
      onClose={close}
      title={t("machines.join.line_title", { name: isolated(made.name) })}
      description={state === "waiting" && t("machines.join.line_lead")}
    >
      <div className="grid gap-5">
        {state === "waiting" && <Lines made={made} left={left} />}
        {(state === "expired" || state === "withdrawn") && (
          <Notice tone="warn" live title={t(`machines.join.${state}`)}>
            {t("machines.join.make_another")}
          </Notice>
        )}
        {state !== "expired" && state !== "withdrawn" && <JoinSteps state={state} name={made.name} />}
      </div>
      <DialogActions>
        {state === "connected" && machine ? (
          <>
            <Button onClick={onClose}>{t("common.close")}</Button>
            <Link to="/machines/$id" params={{ id: machine }} className={buttonLook("primary")}>
              {t("machines.join.open_machine")}
            </Link>
          </>
        ) : (
          <Button onClick={close}>{t("common.close")}</Button>
        )}
      </DialogActions>
      {leaving && <LeaveDialog onBack={() => setLeaving(false)} onKeep={onClose} withdraw={withdraw} />}
    </Dialog>
  );
}

function Lines({ made, left }: { made: Made; left: number }) {
  const { t } = useTranslation();
  const [way, setWay] = useState<Way>("script");
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <Choice
          label={t("machines.join.way")}
          value={way}
          options={[
            { value: "script", label: t("machines.join.way_script") },
            { value: "docker", label: t("machines.join.way_docker") },
            { value: "command", label: t("machines.join.way_command") },
          ]}
          onChange={setWay}
        />
        <p className="text-sm text-muted">
          {t("machines.join.good_for")}{" "}
          <bdi dir="ltr" role="timer" className="font-medium text-ink tabular-nums">
            {clock(left)}
          </bdi>
        </p>
      </div>
      <p className="text-sm text-muted">{t(`machines.join.way_${way}_means`)}</p>
      <SecretLine text={made.lines[way]} />
      {leadsHere(made.lines.command) && <Notice tone="warn" title={t("machines.join.leads_here")} />}
      <p className="text-sm text-faint">{t("machines.join.shown_once")}</p>
    </div>
  );
}

/** Whether the address in a line is one that every machine has for itself. */
function leadsHere(line: string): boolean {
  return /:\/\/(localhost|127\.|\[::1\])/.test(line);
}

function clock(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
