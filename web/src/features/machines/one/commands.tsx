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

/** What ends the bringing into view: from then on the page stays where the reader put it. */
const TAKEN_OVER = ["wheel", "touchstart", "pointerdown", "keydown"] as const;

/**
 * What was asked for on a long page: it comes into view, and the focus goes with it. What is below it may
 * arrive later, and only then is the page long enough.
 */
function Arrived({ label, children }: { label: string; children: ReactNode }) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    const section = place.current;
    if (!section?.parentElement) return;
    section.focus({ preventScroll: true });
    const growth = new ResizeObserver(() => section.scrollIntoView({ block: "start" }));
    growth.observe(section.parentElement);
    const leave = () => {
      growth.disconnect();
      for (const event of TAKEN_OVER) window.removeEventListener(event, leave);
    };
    for (const event of TAKEN_OVER) window.addEventListener(event, leave, { passive: true });
    return leave;
  }, []);
  return (
    <section ref={place} tabIndex={-1} aria-label={label} className="scroll-mt-20 outline-none lg:scroll-mt-4">
      {children}
    </section>
  );
}
