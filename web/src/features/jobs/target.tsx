// Where a job runs: on the machine that has it, or where it may.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Job, JobTarget } from "./api";
import { slotsQuery } from "./queries";

export function TargetText({ job }: { job: Pick<Job, "machine_name" | "target"> }) {
  if (job.machine_name) {
    return (
      <bdi dir="ltr" className="block truncate">
        {job.machine_name}
      </bdi>
    );
  }
  return <WhereTo target={job.target} />;
}

export function WhereTo({ target }: { target: JobTarget }) {
  const { t } = useTranslation();
  const name = useMachineName(target.kind === "machine" ? target.machine_id : null);
  if (target.kind === "any") return <span className="text-faint">{t("jobs.target.any")}</span>;
  return (
    <bdi dir="ltr" className="block truncate">
      {target.kind === "labels" ? target.selector : name}
    </bdi>
  );
}

/** What a machine is called, as far as it is known here. */
function useMachineName(id: string | null): string {
  const machines = useQuery({ ...slotsQuery, enabled: id !== null });
  return machines.data?.find((machine) => machine.machine_id === id)?.name ?? id ?? "";
}
