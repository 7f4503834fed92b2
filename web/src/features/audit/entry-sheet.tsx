import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError, problemFrom } from "@/api/problem";
import type { AuditEntry } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { CopyButton } from "@/ui/copy-button";
import { Dialog } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { useProblemText } from "@/ui/problem";
import { useActionLabel } from "./action";
import { Actor } from "./actor";
import { Outcome } from "./outcome";

export function EntrySheet({ entry, onClose }: { entry: AuditEntry; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const label = useActionLabel();
  const reason = useReason();
  const metadata = JSON.stringify(entry.metadata, null, 2);
  return (
    <Dialog sheet open onClose={onClose} title={<bdi>{label(entry.action)}</bdi>} description={format.exact(entry.at)}>
      <div className="grid gap-5">
        {entry.error && (
          <Notice tone="danger" title={reason(entry.error)}>
            <bdi dir="ltr" className="font-mono text-xs">
              {entry.error}
            </bdi>
          </Notice>
        )}
        <dl className="grid grid-cols-[auto_1fr] items-center gap-x-6 gap-y-2.5">
          <Fact label={t("audit.outcome")}>
            <Outcome outcome={entry.outcome} />
          </Fact>
          <Fact label={t("audit.actor")}>
            <Actor actor={entry.actor} />
          </Fact>
          <Code label={t("audit.code")} value={entry.action} />
          <Code label={t("audit.actor_id")} value={entry.actor.id} />
          <Code label={t("audit.resource")} value={entry.resource && `${entry.resource.kind} ${entry.resource.id}`} />
          <Code label={t("audit.address")} value={entry.address} />
          <Code label={t("audit.user_agent")} value={entry.user_agent} />
          <Code label={t("audit.command")} value={entry.command} />
          <Code label={t("audit.machine")} value={entry.machine} />
          <Code label={t("audit.request_id")} value={entry.request_id} />
          {entry.duration_ms != null && <Fact label={t("audit.duration")}>{format.took(entry.duration_ms)}</Fact>}
          <Fact label={t("audit.seq")}>{format.number(entry.seq)}</Fact>
          <Code label={t("audit.id")} value={entry.id} />
        </dl>
        {metadata !== "{}" && (
          <section>
            <header className="mb-1 flex items-center justify-between">
              <h3 className="font-medium">{t("audit.metadata")}</h3>
              <CopyButton text={metadata} />
            </header>
            <pre dir="ltr" className="rounded-md bg-raised p-4 font-mono text-xs wrap-anywhere whitespace-pre-wrap">
              {metadata}
            </pre>
          </section>
        )}
      </div>
    </Dialog>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-faint">{label}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}

function Code({ label, value }: { label: string; value: string | null | undefined }) {
  if (!value) return null;
  return (
    <Fact label={label}>
      <bdi dir="ltr" className="font-mono text-xs break-all">
        {value}
      </bdi>
    </Fact>
  );
}

/** Refusals are recorded with the code of the problem that the person was told. */
function useReason() {
  const text = useProblemText();
  const { t, i18n } = useTranslation();
  return (code: string) =>
    i18n.exists(`problem.${code}`) ? text(new ProblemError(problemFrom({ code }, 0))) : t("audit.reason");
}
