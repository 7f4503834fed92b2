import { type DragEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { SecretKind } from "@/api/types";
import { secretKinds } from "@/app/search";
import { Button } from "@/ui/button";
import { DialogActions } from "@/ui/dialog";
import { Checkbox, Field, Input, Select } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { MaskedText } from "../value-field";
import { type Brought, type Fault, readSecrets } from "./read";

export interface Choices {
  under: string;
  kind: SecretKind;
  replace: boolean;
}

interface BringProps {
  hidden: boolean;
  onLook: (brought: Brought[], choices: Choices) => Promise<void>;
  onClose: () => void;
}

export function Bring({ hidden, onLook, onClose }: BringProps) {
  const { t } = useTranslation();
  const [fault, setFault] = useState<Fault | null>(null);
  const form = useForm({
    fields: { text: required, under: null, kind: null, replace: null },
    submit: async ({ text, under, kind, replace }) => {
      const read = readSecrets(text);
      setFault("fault" in read ? read.fault : null);
      if ("fault" in read) return;
      const choices = { under: under.trim(), kind: kind as SecretKind, replace: replace === "yes" };
      await onLook(read.brought, choices);
    },
  });
  const element = form.props.ref;
  useEffect(() => {
    if (!hidden) element.current?.querySelector("textarea")?.focus();
  }, [hidden, element]);
  const wrong = form.errors.text ?? (fault ? t(`vault.import.fault_${fault.what}`, { ...fault }) : undefined);
  return (
    <form {...form.props} className={hidden ? "hidden" : "grid gap-4"} autoComplete="off">
      <ProblemNotice problem={form.problem} />
      <Source error={wrong} />
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field label={t("vault.import.under")} optional hint={t("vault.import.under_hint")} error={form.errors.under}>
          <Input name="under" code maxLength={120} placeholder="ci" />
        </Field>
        <Field label={t("vault.kind")} hint={t("vault.import.kind_hint")}>
          <Select name="kind" defaultValue="free">
            {secretKinds.map((kind) => (
              <option key={kind} value={kind}>
                {t(`vault.kind_${kind}`)}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <Checkbox name="replace" value="yes" label={t("vault.import.replace")} hint={t("vault.import.replace_hint")} />
      <DialogActions>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="primary" busy={form.busy}>
          {t("vault.import.look")}
        </Button>
      </DialogActions>
    </form>
  );
}

/** Typed, pasted, chosen or dropped. */
function Source({ error }: { error: string | undefined }) {
  const { t } = useTranslation();
  const text = useRef<HTMLTextAreaElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  async function take(files: FileList | null) {
    const file = files?.[0];
    if (file && text.current) text.current.value = await file.text();
  }
  function drop(event: DragEvent) {
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    void take(event.dataTransfer.files);
  }
  return (
    <div className="grid gap-2">
      <Field label={t("vault.import.text")} hint={t("vault.import.text_hint")} error={error}>
        <MaskedText
          ref={text}
          name="text"
          rows={8}
          placeholder={"GITHUB_TOKEN=…\nDB_PASSWORD=…"}
          autoFocus
          onDrop={drop}
        />
      </Field>
      <input
        ref={chooser}
        type="file"
        hidden
        aria-label={t("vault.import.file")}
        accept=".env,.txt,.json,text/plain,application/json"
        onChange={(event) => {
          void take(event.target.files);
          // The same file may be chosen again after it was mended.
          event.target.value = "";
        }}
      />
      <Button size="sm" icon="inbox" className="justify-self-start" onClick={() => chooser.current?.click()}>
        {t("vault.import.file")}
      </Button>
    </div>
  );
}
