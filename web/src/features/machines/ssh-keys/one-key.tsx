// One key on a machine: whose it is, how it is doing, which of its versions are there, what is in the way.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { MachineSshKey } from "@/api/types";
import { Badge, type Tone } from "@/ui/badge";
import { CopyButton } from "@/ui/copy-button";
import { Notice } from "@/ui/notice";
import { Moment } from "@/ui/time";
import { policyLines } from "./policy-lines";

const tones = {
  pending: "plain",
  in_place: "ok",
  rotating: "accent",
  attention: "danger",
  removing: "plain",
} satisfies Record<MachineSshKey["state"], Tone>;

export function OneKey({ one, actions }: { one: MachineSshKey; actions: ReactNode }) {
  const { t } = useTranslation();
  return (
    <li className="grid grid-cols-1 gap-3 p-5">
      <div className="flex items-start gap-3">
        <div className="min-w-0 grow">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <Link
              to="/secrets/$id"
              params={{ id: one.secret_id }}
              className="font-medium wrap-anywhere hover:underline"
            >
              <bdi dir="ltr">{one.secret_name}</bdi>
            </Link>
            <Badge tone={tones[one.state]}>{t(`machines.ssh_keys.states.${one.state}`)}</Badge>
          </div>
          <p className="text-sm text-muted">
            {t("machines.ssh_keys.user")}: <bdi dir="ltr">{one.user}</bdi> · {t("machines.ssh_keys.port")}:{" "}
            <bdi dir="ltr">{one.port}</bdi>
          </p>
        </div>
        {actions}
      </div>
      {one.problem && <InTheWay one={one} problem={one.problem} />}
      {one.versions.length > 0 && <Versions one={one} />}
    </li>
  );
}

function Versions({ one }: { one: MachineSshKey }) {
  const { t } = useTranslation();
  return (
    <ul aria-label={t("machines.ssh_keys.versions")} className="grid gap-2 text-sm">
      {one.versions.map((each) => (
        <li key={each.version}>
          <span className="flex flex-wrap gap-x-2">
            <span>{t("machines.ssh_keys.version", { version: each.version })}</span>
            <span className="text-muted">
              {each.proven_at ? (
                <>
                  {t("machines.ssh_keys.line.proven")} <Moment at={each.proven_at} />
                </>
              ) : (
                t(each.installed_at ? "machines.ssh_keys.line.installed" : "machines.ssh_keys.line.wanted")
              )}
            </span>
          </span>
          <span className="block font-mono text-xs break-all text-faint">
            <bdi dir="ltr">{each.fingerprint}</bdi>
          </span>
        </li>
      ))}
    </ul>
  );
}

function InTheWay({ one, problem }: { one: MachineSshKey; problem: { code: string; detail: string } }) {
  const { t, i18n } = useTranslation();
  const key = `machines.ssh_keys.problem.${problem.code}`;
  const isKnown = i18n.exists(key);
  const lines = policyLines(one.user);
  const isDenied = problem.code === "ssh_key_denied";
  return (
    <Notice
      tone={problem.code === "approval_needed" ? "info" : "danger"}
      title={isKnown ? t(key as "machines.ssh_keys.problem.ssh_key_failed") : undefined}
    >
      {problem.code !== "approval_needed" && (
        <p>
          <bdi dir="ltr" lang="en" className="wrap-anywhere">
            {problem.detail}
          </bdi>
        </p>
      )}
      {isDenied && (
        <div className="mt-2 flex items-start gap-2">
          <pre dir="ltr" className="grow overflow-x-auto rounded-md bg-sunken p-3 text-xs">
            {lines}
          </pre>
          <CopyButton text={lines} />
        </div>
      )}
      {one.asked_as && problem.code === "approval_needed" && (
        <Link to="/machines/commands/$id" params={{ id: one.asked_as }} className="underline">
          {t("machines.ssh_keys.to_command")}
        </Link>
      )}
      {one.versions.some((each) => each.proven_at) && <p>{t("machines.ssh_keys.old_stays")}</p>}
    </Notice>
  );
}
