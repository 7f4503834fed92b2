// The last look before saving: what will change, why, and whether somebody else was faster.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toProblem } from "@/api/problem";
import type { SettingFault } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { useForm } from "@/ui/form";
import { Notice } from "@/ui/notice";
import { ProblemNotice } from "@/ui/problem";
import { Skeleton } from "@/ui/states";
import { toast } from "@/ui/toast";
import { save, validate } from "./calls";
import { ChangeList } from "./change-list";
import { useEditing } from "./editing";
import { ComplaintText } from "./form/complaint";
import { complaintOf } from "./model/faults";
import { useRefresh } from "./queries";
import { useSettingTexts } from "./words";

export function ReviewDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { edits, changes, isChecking, base, settings, undoAll } = useEditing();
  const refresh = useRefresh();
  const [refusal, setRefusal] = useState<SettingFault[]>([]);
  const form = useForm({
    fields: { comment: null },
    submit: async ({ comment }) => {
      setRefusal([]);
      try {
        const saved = await save({ changes: edits, base, comment: comment.trim() || undefined });
        toast(
          t(saved.changes.some((change) => change.needs_restart) ? "settings.saved_restart" : "settings.saved", {
            n: saved.version,
          }),
        );
      } catch (error) {
        const caught = toProblem(error);
        if (caught.code === "settings_refused") setRefusal((await validate(edits)).faults);
        // What others changed is told above the changes once it is known.
        if (caught.code !== "settings_changed_meanwhile") throw caught;
        await refresh();
        return;
      }
      await refresh();
      undoAll();
      onClose();
    },
  });
  // One's own version may be heard of before the answer is there.
  const isStale = base !== settings.version && !form.busy;
  return (
    <Dialog wide open onClose={onClose} title={t("settings.review_title")} description={t("settings.review_lead")}>
      <form {...form.props} className="grid gap-4">
        <ProblemNotice problem={form.problem} />
        <Refusal faults={refusal} />
        {isStale && <ChangedMeanwhile />}
        {changes && !isChecking ? <ChangeList changes={changes} /> : <Skeleton className="h-24 w-full" />}
        <Field label={t("settings.comment")} optional hint={t("settings.comment_hint")} error={form.errors.comment}>
          <Input name="comment" maxLength={500} />
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy} disabled={isStale}>
            {t("settings.save")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** Somebody saved after the edits were begun. They stay; what they stand on is looked at anew. */
function ChangedMeanwhile() {
  const { t } = useTranslation();
  const format = useFormat();
  const texts = useSettingTexts();
  const { changedMeanwhile, rebase } = useEditing();
  return (
    <Notice tone="warn" live title={t("settings.meanwhile")}>
      <p>
        {changedMeanwhile.length === 0
          ? t("settings.meanwhile_others")
          : t("settings.meanwhile_same", { names: format.list(changedMeanwhile.map(texts.name)) })}
      </p>
      <Button size="sm" className="mt-2" onClick={() => rebase()}>
        {t("settings.keep_mine")}
      </Button>
    </Notice>
  );
}

/** What the server found wrong with the whole, setting by setting. */
function Refusal({ faults }: { faults: SettingFault[] }) {
  const texts = useSettingTexts();
  if (faults.length === 0) return null;
  return (
    <ul className="grid gap-1 text-sm text-danger">
      {faults.map((fault) => (
        <li key={`${fault.key} ${fault.reason}`}>
          <bdi className="font-medium">{texts.name(fault.key)}</bdi> <ComplaintText complaint={complaintOf(fault)} />
        </li>
      ))}
    </ul>
  );
}
