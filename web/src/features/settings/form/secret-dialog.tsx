// Gives a setting its secret: one that the vault keeps already, or a new value, which goes into the vault first.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { useCan } from "@/app/me";
import { secretsQuery } from "@/features/vault/queries";
import { Button } from "@/ui/button";
import { Choice } from "@/ui/choice";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input, PasswordInput } from "@/ui/field";
import { required, secretName, useForm } from "@/ui/form";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { ProblemNotice } from "@/ui/problem";
import { SearchField } from "@/ui/search-field";
import { VAULT } from "../model/schema";
import { SealedNotice, useIsSealed } from "./sealed";

interface SecretDialogProps {
  title: string;
  /** What a new one would be called. */
  name: string;
  onChosen: (reference: string) => void;
  onClose: () => void;
}

export function SecretDialog({ title, name, onChosen, onClose }: SecretDialogProps) {
  const { t } = useTranslation();
  const mayRead = useCan("secrets.read");
  const [way, setWay] = useState<"new" | "kept">("new");
  const choose = (chosen: string) => {
    onChosen(`${VAULT}${chosen}`);
    onClose();
  };
  return (
    <Dialog open onClose={onClose} title={title} description={t("settings.secret.lead")}>
      <div className="grid gap-4">
        {mayRead && (
          <div className="justify-self-start">
            <Choice
              label={t("settings.secret.way")}
              value={way}
              options={[
                { value: "new", label: t("settings.secret.way_new") },
                { value: "kept", label: t("settings.secret.way_kept") },
              ]}
              onChange={setWay}
            />
          </div>
        )}
        {way === "new" ? <NewValue name={name} onChosen={choose} onClose={onClose} /> : <Kept onChosen={choose} />}
      </div>
    </Dialog>
  );
}

function NewValue({ name, onChosen, onClose }: Pick<SecretDialogProps, "name" | "onChosen" | "onClose">) {
  const { t } = useTranslation();
  const isSealed = useIsSealed();
  const form = useForm({
    fields: { name: secretName, value: required },
    submit: async (values) => {
      const body = { name: values.name.trim(), kind: "password" as const, value: values.value, rotation_days: null };
      onChosen((await unwrap(api.POST("/secrets", { body }))).name);
    },
  });
  return (
    <form {...form.props} className="grid gap-4" autoComplete="off">
      <ProblemNotice problem={form.problem} />
      {isSealed && <SealedNotice />}
      <Field label={t("settings.secret.value")} error={form.errors.value}>
        <PasswordInput name="value" autoComplete="off" maxLength={1024} autoFocus />
      </Field>
      <Field label={t("settings.secret.name")} hint={t("settings.secret.name_hint")} error={form.errors.name}>
        <Input name="name" code maxLength={128} defaultValue={name} />
      </Field>
      <DialogActions>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="primary" busy={form.busy} disabled={isSealed}>
          {t("settings.secret.keep")}
        </Button>
      </DialogActions>
    </form>
  );
}

function Kept({ onChosen }: Pick<SecretDialogProps, "onChosen">) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const secrets = useInfiniteQuery({
    ...secretsQuery({ search: search || undefined }),
    placeholderData: (before) => before,
  });
  return (
    <div className="grid gap-3">
      <SearchField label={t("settings.secret.search")} value={search} onChange={setSearch} />
      <div className="overflow-hidden rounded-md border border-line">
        <ListState
          query={secrets}
          rows={3}
          empty={<p className="px-4 py-6 text-center text-muted">{t("settings.secret.nothing_found")}</p>}
        >
          {(items) => (
            <ul className="max-h-72 divide-y divide-line overflow-y-auto">
              {items.map((secret) => (
                <li key={secret.id}>
                  <button
                    type="button"
                    onClick={() => onChosen(secret.name)}
                    className="block w-full px-4 py-2.5 text-start -outline-offset-2 hover:bg-raised"
                  >
                    <bdi dir="ltr" className="block truncate font-mono text-sm font-medium">
                      {secret.name}
                    </bdi>
                    {secret.description && (
                      <bdi className="block truncate text-sm text-faint">{secret.description}</bdi>
                    )}
                  </button>
                </li>
              ))}
            </ul>
          )}
        </ListState>
        <LoadMore query={secrets} />
      </div>
    </div>
  );
}
