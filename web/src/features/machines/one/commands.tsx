// Commands on one machine: the form, what runs now, and what there was.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { Card, Section } from "@/ui/page";
import { NoPermission } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import { CommandView } from "../command/command-view";
import { History } from "../command/history";
import { Runner } from "../command/runner";
import { commandQuery } from "../queries";
import { useMachine } from "./use-machine";

const route = getRouteApi("/signed-in/shell/machines/$id/commands");

export default function Commands() {
  const mayRun = useCan("commands.run");
  return mayRun ? <Running /> : <NoPermission />;
}

function Running() {
  const { t } = useTranslation();
  const machine = useMachine();
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/machines/$id/commands" });
  const [actor, setActor] = useState<string | undefined>();
  const [ran, setRan] = useState<string | null>(null);
  const like = useQuery({ ...commandQuery(search.like ?? ""), enabled: Boolean(search.like) });
  const mayAsk = machine.state !== "revoked" && machine.state !== "locked";
  return (
    <>
      {mayAsk &&
        (search.like && like.isPending ? (
          <Card className="mb-6">
            <SkeletonRows rows={3} />
          </Card>
        ) : (
          <Runner key={search.like} machine={machine} like={like.data?.operation} onRun={setRan} />
        ))}
      {ran && (
        <Section title={t("commands.now")}>
          <CommandView key={ran} id={ran} heading />
        </Section>
      )}
      <Section title={t("commands.history")}>
        <div className="-mx-5 -mb-5 border-t border-line">
          <History
            withMachine={false}
            search={{ machine: machine.id, state: search.state, actor }}
            onChange={(part) => {
              if ("actor" in part) setActor(part.actor);
              if ("state" in part) {
                void navigate({ search: (before) => ({ ...before, state: part.state }), replace: true });
              }
            }}
          />
        </div>
      </Section>
    </>
  );
}
