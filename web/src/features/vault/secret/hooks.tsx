// Who is told, without the value, when a secret has a new one or needs one.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { SecretHook, SecretHookDelivery } from "@/api/types";
import { Badge, type Tone } from "@/ui/badge";
import { Button, IconButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { ListState } from "@/ui/list-state";
import { Menu, MenuItem } from "@/ui/menu";
import { Section } from "@/ui/page";
import { useProblemText } from "@/ui/problem";
import { Ago } from "@/ui/time";
import { toast } from "@/ui/toast";
import { hooksQuery } from "../queries";
import { useRefresh } from "../use-vault";
import { NewHookDialog } from "./new-hook-dialog";

const tones: Record<SecretHookDelivery["state"], Tone> = { delivered: "ok", queued: "warn", given_up: "danger" };

export function Hooks({ id }: { id: string }) {
  const { t } = useTranslation();
  const hooks = useQuery(hooksQuery(id));
  const [adding, setAdding] = useState(false);
  return (
    <Section
      title={t("vault.hooks.title")}
      lead={t("vault.hooks.lead")}
      actions={
        <Button icon="plus" onClick={() => setAdding(true)}>
          {t("vault.hooks.add")}
        </Button>
      }
    >
      <div className="-mx-5 -mb-5 border-t border-line">
        <ListState query={hooks} rows={1} empty={<p className="p-5 text-muted">{t("vault.hooks.empty")}</p>}>
          {(items) => (
            <ul className="divide-y divide-line">
              {items.map((hook) => (
                <HookLine key={hook.id} hook={hook} />
              ))}
            </ul>
          )}
        </ListState>
      </div>
      {adding && <NewHookDialog id={id} onClose={() => setAdding(false)} />}
    </Section>
  );
}

function HookLine({ hook }: { hook: SecretHook }) {
  const { t } = useTranslation();
  const [removing, setRemoving] = useState(false);
  const test = useTest(hook);
  return (
    <li className="flex items-center gap-4 px-5 py-3">
      <div className="min-w-0 flex-1">
        <bdi dir="ltr" className="block font-mono text-sm font-medium break-all rtl:text-end">
          {hook.url}
        </bdi>
        {hook.last_delivery ? (
          <LastDelivery delivery={hook.last_delivery} />
        ) : (
          <p className="text-sm text-faint">{t("vault.hooks.nothing_yet")}</p>
        )}
      </div>
      <Menu trigger={<IconButton icon="more" label={t("vault.hooks.more", { url: `\u2066${hook.url}\u2069` })} />}>
        <MenuItem icon="refresh" onSelect={() => test.mutate()}>
          {t("vault.hooks.test")}
        </MenuItem>
        <MenuItem icon="trash" danger onSelect={() => setRemoving(true)}>
          {t("vault.hooks.remove")}
        </MenuItem>
      </Menu>
      {removing && <RemoveHook hook={hook} onClose={() => setRemoving(false)} />}
    </li>
  );
}

function LastDelivery({ delivery }: { delivery: SecretHookDelivery }) {
  const { t } = useTranslation();
  return (
    <div className="mt-1 grid gap-0.5 text-sm text-muted">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge tone={tones[delivery.state]}>{t(`vault.hooks.state_${delivery.state}`)}</Badge>
        <bdi dir="ltr" className="font-mono text-xs">
          {delivery.event}
        </bdi>
        <Ago at={delivery.tried_at ?? delivery.created_at} />
      </p>
      {delivery.error && (
        <bdi dir="ltr" className="wrap-anywhere rtl:text-end">
          {delivery.error}
        </bdi>
      )}
      {delivery.state === "queued" && delivery.next_try_at && (
        <p>
          {t("vault.hooks.next_try")} <Ago at={delivery.next_try_at} />
        </p>
      )}
    </div>
  );
}

function useTest(hook: SecretHook) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const problemText = useProblemText();
  return useMutation({
    mutationFn: () => unwrap(api.POST("/secret-hooks/{id}/test", { params: { path: { id: hook.id } } })),
    onSuccess: async ({ state, error }) => {
      if (state === "delivered") toast(t("vault.hooks.answered"));
      else toast(t("vault.hooks.not_taken", { why: `\u2066${error ?? ""}\u2069` }), "danger");
      await refresh();
    },
    onError: (error) => toast(problemText(error), "danger"),
  });
}

function RemoveHook({ hook, onClose }: { hook: SecretHook; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  async function remove() {
    await unwrap(api.DELETE("/secret-hooks/{id}", { params: { path: { id: hook.id } } }));
    toast(t("vault.hooks.removed"));
    await refresh();
  }
  return (
    <Confirm title={t("vault.hooks.remove_title")} action={t("vault.hooks.remove")} run={remove} onClose={onClose}>
      {t("vault.hooks.remove_text")}
    </Confirm>
  );
}
