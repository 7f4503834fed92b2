// How many jobs may be under way at once: of a queue, and on a machine.
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { between, required, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import type { JobMachine, JobQueue } from "../api";
import { changeMachine, changeQueue } from "../calls";
import { useRefresh } from "../use-jobs";

const MOST_OF_QUEUE = 100_000;
const MOST_OF_MACHINE = 64;

export function QueueLimit({ queue, onClose }: { queue: JobQueue; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <LimitDialog
      name={queue.name}
      lead={t("jobs.limit.queue_lead")}
      limit={queue.limit}
      least={1}
      most={MOST_OF_QUEUE}
      optional
      // Nothing said is any number, which the server calls 0.
      save={(limit) => changeQueue(queue.name, { limit: limit ?? 0 })}
      onClose={onClose}
    />
  );
}

export function MachineLimit({ machine, onClose }: { machine: JobMachine; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <LimitDialog
      name={machine.name}
      lead={t("jobs.limit.machine_lead")}
      limit={machine.limit}
      least={0}
      most={MOST_OF_MACHINE}
      save={(limit) => changeMachine(machine.machine_id, { limit: limit ?? 0 })}
      onClose={onClose}
    />
  );
}

interface LimitDialogProps {
  name: string;
  lead: string;
  limit: number | null;
  least: number;
  most: number;
  optional?: boolean;
  save: (limit: number | null) => Promise<unknown>;
  onClose: () => void;
}

function LimitDialog({ name, lead, limit, least, most, optional, save, onClose }: LimitDialogProps) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const range = between(least, most);
  const form = useForm({
    fields: { limit: (value) => (optional ? null : required(value)) ?? range(value) },
    submit: async (values) => {
      await save(values.limit.trim() ? Number(values.limit) : null);
      await refresh();
      onClose();
    },
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={
        <bdi dir="ltr" className="wrap-anywhere">
          {name}
        </bdi>
      }
      description={lead}
    >
      <form {...form.props} className="grid gap-4">
        <ProblemNotice problem={form.problem} />
        <Field label={t("jobs.limit.most")} optional={optional ?? false} error={form.errors.limit}>
          <Input name="limit" code inputMode="numeric" maxLength={6} defaultValue={limit ?? ""} autoFocus />
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("common.save")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
