// A terminal on the page: its screen, its connection, and what must be asked of the person.
import { useQueryClient } from "@tanstack/react-query";
import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { sessionEnded } from "@/api/session-ended";
import { commandQuery } from "../queries";
import { asTerminal, attachUrl, isOpenedHere } from "./access";
import { withCtrl } from "./keys";
import { type LinkParts, type LinkState, TerminalLink } from "./link";
import type { Screen } from "./screen";

export interface Asked {
  link: (address: string) => void;
  paste: (text: string) => void;
  leave: () => void;
  refused: (code: string, detail: string) => void;
}

export interface ShownTerminal {
  host: RefObject<HTMLDivElement | null>;
  screen: Screen | null;
  state: LinkState;
  /** Whether its code could not be fetched. */
  hasFailed: boolean;
  /** Counts what was typed in vain. */
  inVain: number;
  /** Whether the next key goes together with Ctrl. */
  ctrl: boolean;
  setCtrl: (on: boolean) => void;
  type: (text: string) => void;
}

export function useTerminal(id: string, isView: boolean, asked: Asked): ShownTerminal {
  const queries = useQueryClient();
  const host = useRef<HTMLDivElement>(null);
  const [screen, setScreen] = useState<Screen | null>(null);
  const [link, setLink] = useState<TerminalLink | null>(null);
  const [hasFailed, setHasFailed] = useState(false);
  const [inVain, setInVain] = useState(0);
  const [ctrl, setCtrl] = useState(false);
  const latest = useRef({ asked, ctrl });
  latest.current = { asked, ctrl };

  useEffect(() => {
    let isGone = false;
    let shown: Screen | null = null;
    const one = new TerminalLink(isOpenedHere(id), browserParts(id, isView), {
      output: (bytes, isOld) => shown?.write(bytes, isOld, () => one.read(bytes.length)),
      skipped: () => shown?.mend(),
      command: (command) => {
        queries.setQueryData(commandQuery(id).queryKey, command);
        const size = asTerminal(command)?.terminal;
        // The size of whoever typed last counts, for all who look on; here that is as good as so.
        if (size && (isView || !shown?.hasFocus)) shown?.resize(size);
      },
      refused: (code, detail) => latest.current.asked.refused(code, detail),
      sessionEnded,
    });
    const type = (text: string) => {
      const whole = latest.current.ctrl ? withCtrl(text) : text;
      setCtrl(false);
      if (!one.type(whole)) setInVain((count) => count + 1);
    };
    const begin = async () => {
      const { makeScreen } = await import("./screen");
      if (isGone || !host.current) return;
      const made = await makeScreen(host.current, {
        typed: type,
        pasted: (text) => latest.current.asked.paste(text),
        left: () => latest.current.asked.leave(),
        link: (address) => latest.current.asked.link(address),
        ...(isView ? {} : { sized: (size) => one.resize(size) }),
      });
      if (isGone) return made.dispose();
      shown = made;
      made.mayType(!isView);
      if (!isView) made.fit();
      setScreen(made);
      one.start();
    };
    begin().catch(() => setHasFailed(true));
    const wake = () => one.retryNow();
    const away = () => one.networkGone();
    window.addEventListener("online", wake);
    window.addEventListener("offline", away);
    document.addEventListener("visibilitychange", wake);
    setLink(one);
    return () => {
      isGone = true;
      window.removeEventListener("online", wake);
      window.removeEventListener("offline", away);
      document.removeEventListener("visibilitychange", wake);
      one.stop();
      shown?.dispose();
      setScreen(null);
    };
  }, [id, isView, queries]);

  useSyncExternalStore(link?.subscribe ?? nothing, () => link?.version ?? 0);
  const state = link?.state ?? "connecting";
  useEffect(() => {
    if (state === "open") setInVain(0);
  }, [state]);
  const type = (text: string) => {
    if (!link?.type(text)) setInVain((count) => count + 1);
  };
  return { host, screen, state, hasFailed, inVain, ctrl, setCtrl, type };
}

function nothing() {
  return () => {};
}

function browserParts(id: string, isView: boolean): LinkParts {
  return {
    open: (from) => {
      const socket = new WebSocket(attachUrl(id, from, isView));
      socket.binaryType = "arraybuffer";
      return socket;
    },
    later: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    random: Math.random,
  };
}
