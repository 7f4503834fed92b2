// Asks a machine's owner for rules: the text, and what for. The machine says at once what it makes of it.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { RuleRequest } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input, Textarea } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { isolated, useRefresh } from "../use-machines";
import { Told } from "./told";

interface AskDialogProps {
  machine: { id: string; name: string };
  /** What the text begins with. */
  text: string;
  onClose: () => void;
}

export function AskDialog({ machine, text, onClose }: AskDialogProps) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [asked, setAsked] = useState<RuleRequest | null>(null);
  const isFaulty = asked?.state === "faulty";
  const form = useForm({
    fields: { text: required, reason: required },
    submit: async (body) => {
      const path = { id: machine.id };
      setAsked(await unwrap(api.POST("/machines/{id}/rule-requests", { params: { path }, body })));
      await refresh();
    },
  });
  return (
    <Dialog
      wide
      open
      onClose={onClose}
      title={t("machines.rules.ask_title", { name: isolated(machine.name) })}
      description={t("machines.rules.ask_lead")}
    >
      <form {...form.props} className="grid gap-4" autoComplete="off">
        <ProblemNotice problem={form.problem} />
        {asked && (
          <div role="status">
            <Told request={asked} />
          </div>
        )}
        {/* What is wrong with it is put right in place; what was asked is not asked twice. */}
        <div className="grid gap-4" hidden={asked !== null && !isFaulty}>
          <Field label={t("machines.rules.text")} hint={t("machines.rules.text_hint")} error={form.errors.text}>
            <Textarea
              name="text"
              dir="ltr"
              spellCheck={false}
              autoCapitalize="none"
              defaultValue={text}
              maxLength={16_000}
              rows={12}
              className="font-mono text-sm"
            />
          </Field>
          <Field label={t("machines.rules.reason")} hint={t("machines.rules.reason_hint")} error={form.errors.reason}>
            <Input name="reason" maxLength={500} />
          </Field>
        </div>
        <DialogActions>
          <Button onClick={onClose}>{t(asked ? "common.close" : "common.cancel")}</Button>
          {(!asked || isFaulty) && (
            <Button type="submit" look="primary" busy={form.busy}>
              {t("machines.rules.ask")}
            </Button>
          )}
        </DialogActions>
      </form>
    </Dialog>
  );
}
