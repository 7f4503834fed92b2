// Adds a machine: what it will be called, then the line to paste, then what becomes of it.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Machine, MachinePolicy, NewJoinToken } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { type Check, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { splitLabels } from "../labels";
import { LabelsField, useLabelCheck } from "../labels-field";
import { isolated } from "../use-machines";
import { Joining } from "./joining";
import { PolicyChoice } from "./policy-choice";

interface JoinDialogProps {
  /** One that joins anew, with another key: it keeps its name and its labels. */
  rejoins?: Machine;
  onClose: () => void;
}

export interface Made extends NewJoinToken {
  name: string;
}

export function JoinDialog({ rejoins, onClose }: JoinDialogProps) {
  const [made, setMade] = useState<Made | null>(null);
  if (made) return <Joining made={made} onClose={onClose} />;
  return <Naming rejoins={rejoins} onMade={setMade} onClose={onClose} />;
}

const machineName: Check = (value) => {
  if (value.trim() === "") return "required";
  return /^[a-z0-9][a-z0-9.-]{0,62}$/.test(value.trim()) ? null : "machine_name";
};

interface NamingProps {
  rejoins: Machine | undefined;
  onMade: (made: Made) => void;
  onClose: () => void;
}

function Naming({ rejoins, onMade, onClose }: NamingProps) {
  const { t } = useTranslation();
  const check = useLabelCheck();
  const [policy, setPolicy] = useState<MachinePolicy>("standard");
  const [complaint, setComplaint] = useState<string | null>(null);
  const form = useForm({
    fields: { name: rejoins ? null : machineName, labels: null },
    submit: async (values) => {
      const labels = splitLabels(values.labels);
      const wrong = check(labels);
      setComplaint(wrong);
      if (wrong) return;
      const name = rejoins?.name ?? values.name.trim();
      const body = rejoins ? { rejoins: rejoins.id, policy } : { name, labels, policy };
      onMade({ ...(await unwrap(api.POST("/join-tokens", { body }))), name });
    },
  });
  const title = rejoins ? t("machines.join.title_again", { name: isolated(rejoins.name) }) : t("machines.join.title");
  return (
    <Dialog
      wide
      open
      onClose={onClose}
      title={title}
      description={t(rejoins ? "machines.join.lead_again" : "machines.join.lead")}
    >
      <form {...form.props} className="grid gap-5" autoComplete="off">
        <ProblemNotice problem={form.problem} />
        {!rejoins && (
          <div className="grid items-start gap-4 sm:grid-cols-2">
            <Field label={t("machines.name")} hint={t("machines.name_hint")} error={form.errors.name}>
              <Input name="name" code maxLength={63} placeholder="build-1" autoFocus />
            </Field>
            <LabelsField label={t("machines.labels")} optional error={complaint ?? form.errors.labels} />
          </div>
        )}
        <PolicyChoice value={policy} onChange={setPolicy} />
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("machines.join.make")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
