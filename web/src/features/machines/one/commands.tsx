// Commands on one machine: the form, what runs now, and what there was.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
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
        <Arrived key={ran} label={t("commands.now")}>
          <Section title={t("commands.now")}>
            <CommandView id={ran} heading />
          </Section>
        </Arrived>
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

/** What was asked for on a long page: it comes into view, and the focus goes with it. */
function Arrived({ label, children }: { label: string; children: ReactNode }) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    place.current?.focus({ preventScroll: true });
    place.current?.scrollIntoView({ block: "start" });
  }, []);
  return (
    <section ref={place} tabIndex={-1} aria-label={label} className="scroll-mt-20 outline-none lg:scroll-mt-4">
      {children}
    </section>
  );
}
