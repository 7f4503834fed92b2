// What the policy of the machine says of it, where there is one machine that can be asked before.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Machine } from "@/api/types";
import { useCan } from "@/app/me";
import { operationOf } from "@/features/machines/command/draft";
import { useVerdict } from "@/features/machines/command/use-verdict";
import { VerdictNotice } from "@/features/machines/command/verdict";
import { allMachinesQuery } from "@/features/machines/queries";
import { isThere } from "@/features/machines/state";
import { Notice } from "@/ui/notice";
import type { JobDraft } from "./draft";

export function TargetVerdict({ draft }: { draft: JobDraft }) {
  const mayAsk = useCan("commands.run");
  const machines = useQuery({ ...allMachinesQuery, enabled: draft.target.kind === "machine" }).data?.items;
  const machine = machines?.find(({ id }) => draft.target.kind === "machine" && id === draft.target.machine);
  if (!machine || !mayAsk) return null;
  return isThere(machine) ? <Asked machine={machine} draft={draft} /> : <Away />;
}

function Away() {
  const { t } = useTranslation();
  return <Notice className="mb-6">{t("jobs.target.away")}</Notice>;
}

function Asked({ machine, draft }: { machine: Machine; draft: JobDraft }) {
  const { verdict, isOld } = useVerdict(machine, operationOf(draft.operation));
  if (!verdict) return null;
  return (
    <div aria-live="polite" className={isOld ? "mb-6 opacity-60" : "mb-6"}>
      <VerdictNotice verdict={verdict} />
    </div>
  );
}
