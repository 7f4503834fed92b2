import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { apiBase } from "@/api/client";
import { sessionEnded } from "@/api/session-ended";
import type { Command } from "@/api/types";
import { commandQuery } from "../queries";
import { Follow, type FollowParts } from "./follow";
import { Transcript } from "./transcript";

/** Follows a command for as long as it is shown; how it stands is written where everybody reads it. */
export function useFollow(command: Command): Follow<Transcript> | null {
  const queries = useQueryClient();
  const [follow, setFollow] = useState<Follow<Transcript> | null>(null);
  const { id } = command;
  const [lengths] = useState<[number, number]>([command.output_bytes, command.error_bytes]);

  useEffect(() => {
    const listener = {
      command: (now: Command) => queries.setQueryData(commandQuery(id).queryKey, now),
      sessionEnded,
    };
    const address = ([output, errors]: [number, number]) =>
      `${apiBase}/commands/${id}/attach?output=${output}&errors=${errors}`;
    const one = new Follow(lengths, browserParts(address), listener, new Transcript());
    one.start();
    setFollow(one);
    return () => one.stop();
  }, [id, lengths, queries]);

  useSyncExternalStore(follow?.subscribe ?? nothing, () => follow?.version ?? 0);
  return follow;
}

function nothing() {
  return () => {};
}

/** How a browser follows what lies at an address, from a place of each channel on. */
export function browserParts(address: (from: [number, number]) => string): FollowParts {
  return {
    open: (from) => {
      const url = new URL(address(from), location.href);
      url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
      const socket = new WebSocket(url);
      socket.binaryType = "arraybuffer";
      return socket;
    },
    later: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    // Pages out of sight draw no pictures, and their output must not pile up.
    frame: (run) => {
      if (document.hidden) {
        const timer = setTimeout(run, 250);
        return () => clearTimeout(timer);
      }
      const frame = requestAnimationFrame(run);
      return () => cancelAnimationFrame(frame);
    },
    random: Math.random,
  };
}
