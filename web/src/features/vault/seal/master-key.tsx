// The master key: what guards it, how much it was used, and how a rotation goes.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { MasterRotation, VaultGuard, VaultStatus } from "@/api/types";
import { useCan } from "@/app/me";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { Section } from "@/ui/page";
import { Ago, Moment } from "@/ui/time";
import { toast } from "@/ui/toast";
import { Code, Fact, Facts } from "../facts";
import { rotationsQuery } from "../queries";
import { useRefresh } from "../use-vault";
import { GuardDialog } from "./guard-form";
import { Progress } from "./progress";

export function MasterKey({ vault }: { vault: VaultStatus }) {
  const { t } = useTranslation();
  const format = useFormat();
  const mayRotate = useCan("vault.manage");
  const [asking, setAsking] = useState(false);
  const key = vault.master_key;
  if (!key) return null;
  const guard = key.guard;
  return (
    <Section
      title={t("vault.master.title")}
      lead={t("vault.master.lead")}
      actions={
        mayRotate &&
        !vault.sealed &&
        !vault.rotation && (
          <Button icon="refresh" onClick={() => setAsking(true)}>
            {t("vault.master.rotate")}
          </Button>
        )
      }
    >
      {vault.rotation && (
        <Progress
          label={t("vault.master.progress")}
          done={vault.rotation.done}
          total={vault.rotation.total}
          className="mb-5"
        />
      )}
      <Facts>
        <Fact label={t("vault.master.guard")}>{t(`vault.guard.${guard}`)}</Fact>
        <Fact label={t("vault.master.age")}>
          <Moment at={key.created_at} /> <span className="text-faint">·</span> <Ago at={key.created_at} />
        </Fact>
        <Fact label={t("vault.master.wraps")}>
          {t("vault.master.wraps_of", { wraps: format.number(key.wraps), most: format.number(key.most_wraps) })}
        </Fact>
        <Fact label={t("vault.master.id")}>
          <Code>{key.id}</Code>
        </Fact>
        {vault.retired_keys > 0 && (
          <Fact label={t("vault.master.retired")}>
            {t("vault.master.retired_means", { count: vault.retired_keys })}{" "}
            <Code>diwan vault forget-retired-keys</Code>
          </Fact>
        )}
      </Facts>
      <History />
      {asking && <RotateDialog guard={guard} onClose={() => setAsking(false)} />}
    </Section>
  );
}

function RotateDialog({ guard, onClose }: { guard: VaultGuard; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  return (
    <GuardDialog
      title={t("vault.master.rotate_title")}
      lead={t("vault.master.rotate_lead")}
      action={t("vault.master.rotate_begin")}
      first={guard}
      onClose={onClose}
      submit={async (body) => {
        await unwrap(api.POST("/vault/rotate-master-key", { body }));
        toast(t("vault.master.begun"));
        onClose();
        await refresh();
      }}
    />
  );
}

function History() {
  const { t } = useTranslation();
  const rotations = useQuery(rotationsQuery);
  if (!rotations.data) return null;
  return (
    <div className="-mx-5 mt-5 -mb-5 border-t border-line">
      <h3 className="px-5 pt-4 text-sm font-medium">{t("vault.master.history")}</h3>
      {rotations.data.length === 0 ? (
        <p className="px-5 pt-1 pb-5 text-muted">{t("vault.master.no_history")}</p>
      ) : (
        <ul className="divide-y divide-line">
          {rotations.data.map((rotation) => (
            <RotationLine key={rotation.id} rotation={rotation} />
          ))}
        </ul>
      )}
    </div>
  );
}

function RotationLine({ rotation }: { rotation: MasterRotation }) {
  const { t } = useTranslation();
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-0.5 px-5 py-3">
      <span>{t("vault.master.wrapped", { count: rotation.done })}</span>
      <span className="text-sm text-muted">
        {rotation.finished_at ? <Moment at={rotation.finished_at} /> : t("vault.master.under_way")}
      </span>
    </li>
  );
}
