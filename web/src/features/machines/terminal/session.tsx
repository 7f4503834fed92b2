// An open terminal: how the connection is, the screen, what can be done about it, and the keys that phones lack.
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { useMe } from "@/app/me";
import { recall, remember } from "@/app/storage";
import { useFormat } from "@/i18n/format";
import { Button, buttonLook } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { CopyButton } from "@/ui/copy-button";
import { cx } from "@/ui/cx";
import { Kbd } from "@/ui/kbd";
import { Notice } from "@/ui/notice";
import { toast } from "@/ui/toast";
import { CommandState, isOpen } from "../command/command-state";
import { placeOf } from "../command/draft";
import { Why } from "../command/why";
import { useMachine } from "../one/use-machine";
import { isThere } from "../state";
import { isolatedName, useRefresh } from "../use-machines";
import type { TerminalCommand } from "./access";
import { linesOf, plainPaste } from "./keys";
import { PhoneKeys } from "./phone-keys";
import { SessionState } from "./session-state";
import { troubleOf } from "./trouble";
import { type ShownTerminal, useTerminal } from "./use-terminal";
import { Watch } from "./watch";

interface SessionProps {
  terminal: TerminalCommand;
  isView: boolean;
  /** Whether somebody else opened it. */
  isOthers: boolean;
}

type Asking = { kind: "end" } | { kind: "link"; address: string } | { kind: "paste"; text: string };

export function Session({ terminal, isView, isOthers }: SessionProps) {
  const { t, i18n } = useTranslation();
  const described = useId();
  const bar = useRef<HTMLDivElement>(null);
  const [asking, setAsking] = useState<Asking | null>(null);
  // On a phone there is no room for anything else.
  const [isLarge, setIsLarge] = useState(() => !isView && matchMedia("(max-width: 40rem)").matches);
  const room = useVisibleRoom(isLarge);
  const shown = useTerminal(terminal.id, isView, {
    link: (address) => setAsking({ kind: "link", address }),
    paste,
    leave: () => bar.current?.querySelector("button")?.focus(),
    refused: (code, detail) => {
      const key = `problem.${code}`;
      toast(i18n.exists(key) ? t(key as "problem.no_input") : detail || t("problem.unexpected"), "danger");
    },
  });
  const machine = useMachine();
  const { screen, state } = shown;
  const isOver = state === "over" || !isOpen(terminal);

  useEffect(() => {
    screen?.describe(t("terminals.screen"), described);
  }, [screen, described, t]);
  const [isRead, setIsRead] = useState(() => recall("terminal-reader") === "yes");
  useEffect(() => {
    screen?.readAloud(isRead);
    remember("terminal-reader", isRead ? "yes" : "no");
  }, [screen, isRead]);
  useEffect(() => {
    if (isOver) screen?.mayType(false);
  }, [screen, isOver]);
  // Whoever opened it wants to type.
  useEffect(() => {
    if (!isView) screen?.terminal.focus();
  }, [screen, isView]);

  function paste(given: string) {
    if (isView) return;
    const text = plainPaste(given);
    // A program that asked for it is told where pasted text begins and ends; others run every line at once.
    if (linesOf(text) > 1 && !screen?.terminal.modes.bracketedPasteMode) setAsking({ kind: "paste", text });
    else screen?.paste(text);
  }
  const close = () => {
    setAsking(null);
    if (!isView) screen?.terminal.focus();
  };

  return (
    <section
      aria-label={t("terminals.title")}
      className={cx(
        "flex flex-col overflow-hidden bg-surface",
        isLarge ? "fixed inset-x-0 z-45" : "mb-6 rounded-lg border border-line",
      )}
      style={room}
    >
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-2.5">
        <div role="status" className="flex min-w-0 flex-1 basis-64 flex-wrap items-center gap-x-3 gap-y-1 text-sm">
          {isOver ? <CommandState command={terminal} /> : <SessionState state={state} />}
          <bdi dir="ltr" className="min-w-0 truncate font-mono text-muted">
            {placeOf(terminal.operation)}
          </bdi>
          {terminal.operation.record && <span className="text-warn">{t("terminals.recorded")}</span>}
          {isView && (
            <span className="text-muted">
              {isOthers ? t("terminals.others", { name: isolatedName(terminal.actor.name) }) : t("terminals.view_only")}
            </span>
          )}
          {state === "open" && <Company terminal={terminal} isView={isView} />}
        </div>
        <div ref={bar} className="flex flex-wrap items-center gap-2">
          <Button size="sm" onClick={() => setIsLarge(!isLarge)} aria-pressed={isLarge}>
            {t(isLarge ? "terminals.smaller" : "terminals.larger")}
          </Button>
          <CopyButton text={shareLink(terminal)} icon="link" name={t("terminals.share")} />
          {isView && !isOthers && !isOver && (
            <Link to="." search={{ open: terminal.id }} className={buttonLook("secondary", "sm")}>
              {t("terminals.type_here")}
            </Link>
          )}
          {(!isView || isOthers) && !isOver && (
            <Button size="sm" icon="stop" onClick={() => setAsking({ kind: "end" })}>
              {t("terminals.end.action")}
            </Button>
          )}
          <Button
            size="sm"
            aria-pressed={isRead}
            onClick={() => setIsRead(!isRead)}
            className="sr-only focus:not-sr-only focus:px-2.5 aria-pressed:not-sr-only aria-pressed:px-2.5"
          >
            {t("terminals.read_aloud")}
          </Button>
        </div>
      </header>
      {shown.hasFailed && <Notice tone="danger">{t("problem.unreachable")}</Notice>}
      <div
        className={cx(
          "relative min-h-0 bg-surface p-2",
          isView && "overflow-auto",
          isLarge ? "flex-1" : "h-[calc(100dvh-24.5rem)] min-h-72",
        )}
      >
        <div ref={shown.host} dir="ltr" className="h-full min-w-0" />
        {!isOver && <Trouble shown={shown} isAway={!isThere(machine)} />}
      </div>
      {!isView && !isOver && (
        <PhoneKeys
          shown={shown}
          onPaste={() => {
            navigator.clipboard?.readText().then(paste, () => toast(t("terminals.keys.paste_failed"), "danger"));
          }}
        />
      )}
      <footer
        className={cx(
          "grid gap-2 border-t border-line px-4 py-2 text-sm text-faint",
          !isOver && (isView ? "hidden" : "pointer-coarse:hidden"),
        )}
      >
        {isOver && <Over terminal={terminal} />}
        <p id={described} hidden={isOver}>
          <Kbd keys="Ctrl Shift E" /> {t("terminals.keys.leave")} <Kbd keys="Ctrl Shift C" /> {t("terminals.keys.copy")}{" "}
          <Kbd keys="Ctrl Shift V" /> {t("terminals.keys.paste_hint")}
        </p>
      </footer>
      {asking?.kind === "end" && <End terminal={terminal} onClose={close} />}
      {asking?.kind === "link" && <Follow address={asking.address} onClose={close} />}
      {asking?.kind === "paste" && (
        <Confirm
          title={t("terminals.paste.title", { count: linesOf(asking.text) })}
          action={t("terminals.paste.action")}
          look="primary"
          run={async () => screen?.paste(asking.text)}
          onClose={close}
          more={
            <pre dir="auto" className="mt-3 max-h-48 overflow-auto rounded-md bg-raised p-3 font-mono text-sm">
              {asking.text.slice(0, 4000)}
            </pre>
          }
        >
          {t("terminals.paste.text")}
        </Confirm>
      )}
    </section>
  );
}

/** What the keyboard of a phone leaves of the window. */
function useVisibleRoom(isWanted: boolean) {
  const [room, setRoom] = useState<{ top: number; height: number }>();
  useEffect(() => {
    const seen = window.visualViewport;
    if (!isWanted || !seen) return undefined;
    const measure = () => setRoom({ top: seen.offsetTop, height: seen.height });
    measure();
    seen.addEventListener("resize", measure);
    seen.addEventListener("scroll", measure);
    return () => {
      seen.removeEventListener("resize", measure);
      seen.removeEventListener("scroll", measure);
      setRoom(undefined);
    };
  }, [isWanted]);
  return isWanted ? room : undefined;
}

/** Who looks at it besides. */
function Company({ terminal, isView }: { terminal: TerminalCommand; isView: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { user } = useMe();
  const others = [...(terminal.terminal?.viewers ?? [])];
  const own = others.findIndex((viewer) => viewer.user_id === user.id && viewer.read_only === isView);
  if (own >= 0) others.splice(own, 1);
  if (others.length === 0) return null;
  const names = others.map(({ name, read_only }) =>
    t(read_only ? "terminals.looks_on" : "terminals.types", { name: isolatedName(name) }),
  );
  return <span className="text-muted">{t("terminals.company", { names: format.list(names) })}</span>;
}

/** What keeps it from being typed into, over the screen, so that nothing moves. */
function Trouble({ shown: { state, inVain }, isAway }: { shown: ShownTerminal; isAway: boolean }) {
  const { t } = useTranslation();
  const words = troubleOf(state, inVain > 0, isAway);
  return (
    <div aria-live="polite" className="pointer-events-none absolute inset-x-2 bottom-2 grid justify-items-center">
      {words && (
        <Notice tone={state === "broken" ? "danger" : "warn"} className="shadow-pop">
          {t(`terminals.${words}`)}
        </Notice>
      )}
    </div>
  );
}

/** How it ended, and what is left of it. */
function Over({ terminal }: { terminal: TerminalCommand }) {
  const { t } = useTranslation();
  return (
    <>
      <p className="text-muted">{t("terminals.over.title")}</p>
      <Why command={terminal} />
      {terminal.operation.record && terminal.state === "ended" && <Watch terminal={terminal} />}
    </>
  );
}

function End({ terminal, onClose }: { terminal: TerminalCommand; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const end = useMutation({
    mutationFn: () => unwrap(api.POST("/commands/{id}/cancel", { params: { path: { id: terminal.id } } })),
    onSettled: refresh,
  });
  return (
    <Confirm
      title={t("terminals.end.title")}
      action={t("terminals.end.action")}
      run={() => end.mutateAsync()}
      onClose={onClose}
    >
      {t("terminals.end.text")}
    </Confirm>
  );
}

function Follow({ address, onClose }: { address: string; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Confirm
      title={t("terminals.link.title")}
      action={t("terminals.link.action")}
      look="primary"
      run={async () => void window.open(address, "_blank", "noopener,noreferrer")}
      onClose={onClose}
      more={
        <p dir="ltr" className="mt-3 rounded-md bg-raised p-3 font-mono text-sm wrap-anywhere rtl:text-end">
          {address}
        </p>
      }
    >
      {t("terminals.link.text")}
    </Confirm>
  );
}

function shareLink({ id, machine_id }: TerminalCommand): string {
  return `${location.origin}/machines/${machine_id}/terminal?open=${id}&view=true`;
}
