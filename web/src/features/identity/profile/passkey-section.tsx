import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import type { Passkey } from "@/api/types";
import { Button, IconButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Icon } from "@/ui/icon";
import { ListState } from "@/ui/list-state";
import { Notice } from "@/ui/notice";
import { Section } from "@/ui/page";
import { ProblemNotice } from "@/ui/problem";
import { Ago } from "@/ui/time";
import { createPasskey, passkeysSupported } from "../webauthn";
import { PasskeyName } from "./passkey-name";

const passkeysKey = ["me", "passkeys"];

export function PasskeySection() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [editing, setEditing] = useState<Passkey | null>(null);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  const passkeys = useQuery({
    queryKey: passkeysKey,
    queryFn: async ({ signal }) => (await unwrap(api.GET("/me/passkeys", { signal }))).items,
  });
  const refresh = () => queries.invalidateQueries({ queryKey: ["me"] });
  const add = useMutation({
    mutationFn: registerPasskey,
    onSuccess: async (passkey) => {
      await refresh();
      setEditing(passkey);
    },
  });
  const supported = passkeysSupported();
  return (
    <Section
      title={t("profile.passkeys.title")}
      lead={t("profile.passkeys.lead")}
      actions={
        <Button icon="plus" disabled={!supported} busy={add.isPending} onClick={() => add.mutate()}>
          {t("profile.passkeys.add")}
        </Button>
      }
    >
      <div className="grid gap-4">
        {!supported && <Notice tone="warn">{t("problem.passkey_unsupported")}</Notice>}
        <ProblemNotice problem={add.error ? toProblem(add.error) : null} />
        <ListState query={passkeys} rows={2} empty={<p className="text-muted">{t("profile.passkeys.empty")}</p>}>
          {(items) => (
            <ul className="divide-y divide-line rounded-md border border-line">
              {items.map((passkey) => (
                <li key={passkey.id} className="flex items-center gap-3 px-4 py-3">
                  <Icon name="key" className="text-faint" />
                  <div className="min-w-0 flex-1">
                    <bdi className="block truncate font-medium">{passkey.name}</bdi>
                    <span className="text-sm text-faint">
                      {t("common.created")} <Ago at={passkey.created_at} />
                      {passkey.last_used_at && (
                        <>
                          {" · "}
                          {t("common.last_used")} <Ago at={passkey.last_used_at} />
                        </>
                      )}
                    </span>
                  </div>
                  <IconButton
                    icon="pencil"
                    label={t("profile.passkeys.rename", { name: passkey.name })}
                    onClick={() => setEditing(passkey)}
                  />
                  <IconButton
                    icon="trash"
                    label={t("profile.passkeys.remove", { name: passkey.name })}
                    onClick={() => setRemoving(passkey)}
                  />
                </li>
              ))}
            </ul>
          )}
        </ListState>
      </div>
      {editing && <PasskeyName passkey={editing} onSaved={refresh} onClose={() => setEditing(null)} />}
      {removing && (
        <Confirm
          title={t("profile.passkeys.remove", { name: removing.name })}
          action={t("common.remove")}
          run={async () => {
            await unwrap(api.DELETE("/me/passkeys/{id}", { params: { path: { id: removing.id } } }));
            await refresh();
          }}
          onClose={() => setRemoving(null)}
        >
          {t("profile.passkeys.remove_text")}
        </Confirm>
      )}
    </Section>
  );
}

async function registerPasskey(): Promise<Passkey> {
  const { challenge_id, options } = await unwrap(api.POST("/me/passkeys/start"));
  const credential = await createPasskey(options);
  const name = deviceName();
  return unwrap(api.POST("/me/passkeys/finish", { body: { challenge_id, name, credential } }));
}

/** A first guess that the person can change right away. */
function deviceName(): string {
  const known = ["iPhone", "iPad", "Android", "Windows", "Mac", "Linux"];
  return known.find((name) => navigator.userAgent.includes(name)) ?? "Passkey";
}
