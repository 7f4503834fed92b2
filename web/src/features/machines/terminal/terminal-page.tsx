// The terminals of one machine: those that are open as tabs, the one that is shown, and a form for a new one.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { useFormat } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { Notice } from "@/ui/notice";
import { NoPermission } from "@/ui/problem";
import { useMachine } from "../one/use-machine";
import { isThere } from "../state";
import { type TerminalCommand, terminalsQuery } from "./access";
import { NewTerminal } from "./new-terminal";
import { OneTerminal } from "./one-terminal";

const route = getRouteApi("/signed-in/shell/machines/$id/terminal");

export default function TerminalPage() {
  const mayOpen = useCan("terminals.open");
  return mayOpen ? <Terminals /> : <NoPermission />;
}

function Terminals() {
  const { t } = useTranslation();
  const machine = useMachine();
  const { open, view } = route.useSearch();
  const navigate = useNavigate({ from: "/machines/$id/terminal" });
  const terminals = useQuery(terminalsQuery(machine.id));
  const show = (id: string) => void navigate({ search: { open: id } });
  return (
    <>
      {(terminals.data?.length || open) && <Tabs terminals={terminals.data ?? []} open={open} />}
      {open ? (
        <OneTerminal key={`${open} ${view}`} id={open} machine={machine} isView={view === true} />
      ) : isThere(machine) ? (
        <NewTerminal machine={machine} onOpen={show} />
      ) : (
        <Notice>{t("terminals.away")}</Notice>
      )}
    </>
  );
}

function Tabs({ terminals, open }: { terminals: TerminalCommand[]; open: string | undefined }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("terminals.tabs")} className="mb-4 overflow-x-auto">
      <ul className="flex gap-2 pb-1">
        {terminals.map((terminal) => (
          <li key={terminal.id}>
            <Tab terminal={terminal} isOpen={terminal.id === open} />
          </li>
        ))}
        <li>
          <Link to="." search={{}} className={tabLook(!open)} aria-current={open ? undefined : "page"}>
            <Icon name="plus" className="size-4" />
            {t("terminals.new.tab")}
          </Link>
        </li>
      </ul>
    </nav>
  );
}

function Tab({ terminal, isOpen }: { terminal: TerminalCommand; isOpen: boolean }) {
  const format = useFormat();
  const { root, path } = terminal.operation;
  const since = terminal.started_at ?? terminal.issued_at;
  return (
    <Link
      to="."
      search={{ open: terminal.id }}
      className={tabLook(isOpen)}
      aria-current={isOpen ? "page" : undefined}
      title={format.exact(since)}
    >
      <Icon name="terminal" className="size-4" />
      <bdi dir="ltr" className="max-w-40 truncate font-mono text-sm">
        {path ? `${root}/${path}` : root}
      </bdi>
      <span className="text-xs text-faint">
        <bdi>{terminal.actor.name}</bdi> · {format.time(new Date(since).getTime())}
      </span>
    </Link>
  );
}

function tabLook(isOpen: boolean): string {
  return cx(
    "flex min-h-9 items-center gap-2 rounded-md border px-3 whitespace-nowrap pointer-coarse:min-h-11",
    isOpen ? "border-accent bg-surface font-medium text-ink" : "border-line text-muted hover:text-ink",
  );
}
