// Connects the live socket to the query cache: an event on a topic makes that topic's queries stale.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { apiBase } from "@/api/client";
import { announce } from "./announce";
import { LiveClient, type LiveState } from "./client";
import { Gathering } from "./gather";

const topics = ["users", "sessions", "audit", "invitations", "status", "me", "secrets", "settings", "machines", "jobs"];

export function useLive(onSessionEnded: () => void): LiveState {
  const queries = useQueryClient();
  const [state, setState] = useState<LiveState>("connecting");

  useEffect(() => {
    const stale = (topic: string) => void queries.invalidateQueries({ queryKey: [topic] });
    const gathering = new Gathering(stale, browserParts.later);
    const client = new LiveClient(topics, browserParts, {
      event: (event) => {
        if (announce(event)) gathering.add(event.topic);
      },
      gap: () => void queries.invalidateQueries(),
      state: setState,
      sessionEnded: onSessionEnded,
    });
    const wake = () => client.retryNow();
    client.start();
    window.addEventListener("online", wake);
    document.addEventListener("visibilitychange", wake);
    return () => {
      window.removeEventListener("online", wake);
      document.removeEventListener("visibilitychange", wake);
      client.stop();
    };
  }, [queries, onSessionEnded]);

  return state;
}

const browserParts = {
  open: () => {
    const url = new URL(`${apiBase}/live`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return new WebSocket(url);
  },
  later: (run: () => void, ms: number) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
