// What can be done with all machines that are chosen.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Machine } from "@/api/types";
import { useCan } from "@/app/me";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import type { Selection } from "@/ui/selection";
import { toast } from "@/ui/toast";
import { useRefresh } from "../use-machines";
import { BulkLabels } from "./bulk-labels";

import { forEachMachine } from "./together";

export function BulkBar({ selection }: { selection: Selection<Machine> }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const mayRun = useCan("commands.run");
  const mayManage = useCan("machines.manage");
  const [asking, setAsking] = useState<"labels" | "revoke" | null>(null);
  const { chosen } = selection;
  if (chosen.length === 0) return null;
  const close = () => setAsking(null);
  const run = () => void navigate({ to: "/machines/run", search: { machines: chosen.map(({ id }) => id).join(",") } });
  return (
    <section
      aria-label={t("machines.bulk.title")}
      className="sticky bottom-4 z-10 mt-4 flex flex-wrap items-center gap-2 rounded-lg border border-line bg-surface p-3 shadow-pop"
    >
      <p aria-live="polite" className="me-auto px-2 font-medium">
        {t("machines.bulk.count", { count: chosen.length })}
      </p>
      {mayRun && (
        <Button look="primary" icon="play" onClick={run}>
          {t("machines.bulk.run")}
        </Button>
      )}
      {mayManage && (
        <>
          <Button icon="tag" onClick={() => setAsking("labels")}>
            {t("machines.bulk.labels")}
          </Button>
          <Button icon="out" onClick={() => setAsking("revoke")}>
            {t("machines.revoke.action")}
          </Button>
        </>
      )}
      <Button look="quiet" onClick={selection.clear}>
        {t("machines.bulk.clear")}
      </Button>
      {asking === "labels" && <BulkLabels machines={chosen} onClose={close} />}
      {asking === "revoke" && <BulkRevoke selection={selection} onClose={close} />}
    </section>
  );
}

function BulkRevoke({ selection, onClose }: { selection: Selection<Machine>; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [chosen] = useState(selection.chosen);
  async function revoke() {
    await forEachMachine(chosen, (machine) =>
      unwrap(api.POST("/machines/{id}/revoke", { params: { path: { id: machine.id } } })),
    ).finally(refresh);
    toast(t("machines.bulk.revoked", { count: chosen.length }));
    selection.clear();
  }
  return (
    <Confirm
      title={t("machines.bulk.revoke_title", { count: chosen.length })}
      action={t("machines.revoke.action")}
      run={revoke}
      onClose={onClose}
      more={
        <ul className="mt-3 max-h-48 overflow-y-auto rounded-md bg-raised px-3.5 py-2.5 text-sm">
          {chosen.map((machine) => (
            <li key={machine.id}>
              <bdi dir="ltr">{machine.name}</bdi>
            </li>
          ))}
        </ul>
      }
    >
      {t("machines.revoke.text")}
    </Confirm>
  );
}
