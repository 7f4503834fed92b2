// The rules that this machine's owner was asked for, and asking for more.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Machine, RuleRequest } from "@/api/types";
import { useCan } from "@/app/me";
import { Button } from "@/ui/button";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Section } from "@/ui/page";
import { Ago } from "@/ui/time";
import { AskDialog } from "./ask-dialog";
import { Decide } from "./decide";
import { ruleRequestsQuery } from "./queries";
import { Told } from "./told";

const BEGINNING = '[[rules]]\nname = ""\noperations = ["exec"]\nprogram = ""\nclass = "reads"\ndecision = "allow"\n';

export function RuleRequests({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const mayAsk = useCan("commands.run") && machine.state !== "revoked";
  const [asking, setAsking] = useState(false);
  const requests = useInfiniteQuery(ruleRequestsQuery(machine.id));
  return (
    <Section
      title={t("machines.rules.title")}
      lead={t("machines.rules.lead")}
      actions={
        mayAsk && (
          <Button icon="plus" onClick={() => setAsking(true)}>
            {t("machines.rules.action")}
          </Button>
        )
      }
    >
      <div className="-mx-5 -mb-5 border-t border-line">
        <ListState query={requests} rows={1} empty={<p className="p-5 text-muted">{t("machines.rules.empty")}</p>}>
          {(items) => (
            <ul>
              {items.map((request) => (
                <Shown key={request.id} request={request} />
              ))}
            </ul>
          )}
        </ListState>
        <LoadMore query={requests} />
      </div>
      {asking && <AskDialog machine={machine} text={BEGINNING} onClose={() => setAsking(false)} />}
    </Section>
  );
}

function Shown({ request }: { request: RuleRequest }) {
  const { t } = useTranslation();
  return (
    <li className="grid gap-3 border-b border-line p-5 last:border-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <p className="min-w-0 font-medium wrap-anywhere">
          <bdi>{request.reason}</bdi>
        </p>
        <p className="text-sm text-muted">
          <bdi>{request.actor.name}</bdi> · <Ago at={request.created_at} />
        </p>
      </div>
      <Told request={request} />
      <details>
        <summary className="cursor-pointer rounded-sm text-sm text-muted">{t("machines.rules.show_text")}</summary>
        <pre dir="ltr" className="mt-2 overflow-x-auto rounded-md border border-line bg-raised p-3 font-mono text-sm">
          {request.text}
        </pre>
      </details>
      <Decide request={request} />
    </li>
  );
}
