// What can still be done about a request: taken back by whoever asked, granted or refused by somebody else.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { RuleRequest } from "@/api/types";
import { useCan, useMe } from "@/app/me";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { toast } from "@/ui/toast";
import { isolated, useRefresh } from "../use-machines";

type Decision = "approve" | "refuse" | "withdraw";

export function Decide({ request }: { request: RuleRequest }) {
  const { t } = useTranslation();
  const { user } = useMe();
  const mayManage = useCan("machines.manage");
  const [deciding, setDeciding] = useState<Decision | null>(null);
  if (request.state !== "waiting" && request.state !== "asked") return null;
  const isOwn = request.actor.user_id === user.id;
  const choices: Decision[] = [
    ...(mayManage && !isOwn && request.state === "asked" && request.from_afar ? (["approve"] as const) : []),
    ...(mayManage && !isOwn ? (["refuse"] as const) : []),
    ...(isOwn ? (["withdraw"] as const) : []),
  ];
  if (choices.length === 0) return null;
  return (
    <div className="flex flex-wrap gap-2">
      {choices.map((choice) => (
        <Button key={choice} look={choice === "approve" ? "primary" : "secondary"} onClick={() => setDeciding(choice)}>
          {t(`machines.rules.${choice}`)}
        </Button>
      ))}
      {deciding && <Sure request={request} decision={deciding} onClose={() => setDeciding(null)} />}
    </div>
  );
}

interface SureProps {
  request: RuleRequest;
  decision: Decision;
  onClose: () => void;
}

function Sure({ request, decision, onClose }: SureProps) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const params = { path: { id: request.id } };
  async function run() {
    try {
      if (decision === "approve") await unwrap(api.POST("/rule-requests/{id}/approve", { params }));
      if (decision === "refuse") await unwrap(api.POST("/rule-requests/{id}/refuse", { params, body: { why: "" } }));
      if (decision === "withdraw") await unwrap(api.DELETE("/rule-requests/{id}", { params }));
      toast(t(`machines.rules.${decision}_done`));
    } finally {
      await refresh();
    }
  }
  return (
    <Confirm
      title={t(`machines.rules.${decision}_title`, { name: isolated(request.machine_name) })}
      action={t(`machines.rules.${decision}`)}
      look={decision === "approve" ? "primary" : "danger"}
      run={run}
      onClose={onClose}
      more={
        <pre
          dir="ltr"
          className="mt-3 max-h-60 overflow-auto rounded-md border border-line bg-raised p-3 font-mono text-sm"
        >
          {request.text}
        </pre>
      }
    >
      {t(`machines.rules.${decision}_text`)}
    </Confirm>
  );
}
