// Takes a value out: why is asked first, and the proof of identity comes by itself where it is needed. The value lives
// in this dialog alone, in no cache, and is gone when the dialog is.
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { RevealedSecret, Secret } from "@/api/types";
import { useCan } from "@/app/me";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { Notice } from "@/ui/notice";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { PurposeField } from "./purpose-field";
import { ShownValue } from "./shown-value";

interface RevealDialogProps {
  secret: Secret;
  version?: number;
  /** Past the policies. */
  past?: boolean;
  onClose: () => void;
}

export function RevealDialog({ secret, version, past: pastFromStart = false, onClose }: RevealDialogProps) {
  const { t } = useTranslation();
  const [past, setPast] = useState(pastFromStart);
  const [taken, setTaken] = useState<RevealedSecret | null>(null);
  const hide = useCallback(() => {
    setTaken(null);
    toast(t("vault.reveal.hidden"));
    onClose();
  }, [t, onClose]);
  const name = `\u2066${secret.name}\u2069`;
  const plain = version ? t("vault.reveal.title_version", { n: version, name }) : t("vault.reveal.title", { name });
  const title = past ? t("vault.break_glass.title", { name }) : plain;
  const lead = past ? t("vault.break_glass.lead") : t("vault.reveal.lead");
  return (
    <Dialog
      open
      wide={Boolean(taken)}
      onClose={onClose}
      title={taken ? name : title}
      description={taken ? t("vault.reveal.shown_lead") : lead}
    >
      {taken ? (
        <ShownValue value={taken.value} onHide={hide} />
      ) : (
        <Why
          key={String(past)}
          past={past}
          secret={secret}
          version={version}
          onTaken={setTaken}
          onBreakGlass={() => setPast(true)}
          onClose={onClose}
        />
      )}
    </Dialog>
  );
}

interface WhyProps {
  past: boolean;
  secret: Secret;
  version: number | undefined;
  onTaken: (taken: RevealedSecret) => void;
  onBreakGlass: () => void;
  onClose: () => void;
}

function Why({ past, secret, version, onTaken, onBreakGlass, onClose }: WhyProps) {
  const { t } = useTranslation();
  const mayBreakGlass = useCan("vault.manage");
  const gone = useGone();
  const params = { path: { id: secret.id } };
  const form = useForm({
    fields: { reason: required, purpose: null },
    submit: async ({ reason, purpose }) => {
      const body = { reason: reason.trim(), ...(version ? { version } : {}) };
      const wanted = purpose.trim() ? { ...body, purpose: purpose.trim() } : body;
      const taken = past
        ? await unwrap(api.POST("/secrets/{id}/break-glass", { params, body }))
        : await unwrap(api.POST("/secrets/{id}/reveal", { params, body: wanted }));
      if (!gone()) onTaken(taken);
    },
  });
  const denied = !past && form.problem?.code === "secret_denied";
  return (
    <form {...form.props} className="grid gap-4">
      <ProblemNotice problem={form.problem} />
      {denied && mayBreakGlass && (
        <Notice tone="warn">
          <p>{t("vault.break_glass.denied")}</p>
          <Button size="sm" icon="warning" className="mt-2" onClick={onBreakGlass}>
            {t("vault.break_glass.action")}
          </Button>
        </Notice>
      )}
      <Field label={t("vault.reveal.reason")} error={form.errors.reason}>
        <Input
          name="reason"
          maxLength={500}
          placeholder={t(past ? "vault.break_glass.example" : "vault.reveal.reason_example")}
          autoFocus
          autoComplete="off"
        />
      </Field>
      {!past && <PurposeField secret={secret} denied={denied} error={form.errors.purpose} />}
      <DialogActions>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look={past ? "danger" : "primary"} icon="eye" busy={form.busy}>
          {t(past ? "vault.break_glass.confirm" : "vault.reveal.action")}
        </Button>
      </DialogActions>
    </form>
  );
}

/** Whether the dialog was closed while the answer was under way. */
function useGone() {
  const [state] = useState(() => ({ gone: false }));
  useEffect(() => {
    state.gone = false;
    return () => {
      state.gone = true;
    };
  }, [state]);
  return () => state.gone;
}
