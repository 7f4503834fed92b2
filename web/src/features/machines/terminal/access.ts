// Everything that the screens of terminals ask the server, in one place.
import { queryOptions } from "@tanstack/react-query";
import { api, apiBase, unwrap } from "@/api/client";
import { ProblemError, readProblem } from "@/api/problem";
import type { Command, CommandOperation } from "@/api/types";

export type TerminalOperation = Extract<CommandOperation, { kind: "terminal" }>;

export type TerminalCommand = Command & { operation: TerminalOperation };

export interface Size {
  columns: number;
  rows: number;
}

/** So much of what a terminal said before is asked for. */
const TAIL_BYTES = 1024 * 1024;
const AT_MOST = 200;
/** Output comes in pieces of this size while there is more of it already. */
export const WHOLE_PIECE = 64 * 1024;

const openedHere = new Set<string>();

/** Whether it was opened on this very page, so that all it says is news. */
export function isOpenedHere(id: string): boolean {
  return openedHere.has(id);
}

export function asTerminal(command: Command): TerminalCommand | null {
  return command.operation.kind === "terminal" ? (command as TerminalCommand) : null;
}

export async function openTerminal(machine: string, operation: TerminalOperation): Promise<Command> {
  const { commands } = await unwrap(api.POST("/commands", { body: { machine, operation } }));
  if (!commands[0]) throw new Error("the answer names no command");
  openedHere.add(commands[0].id);
  return commands[0];
}

/** The terminals of a machine that are open now, the oldest first. */
export function terminalsQuery(machine: string) {
  return queryOptions({
    queryKey: ["machines", "terminals", machine],
    queryFn: async ({ signal }) => {
      const query = { machine, state: "running" as const, limit: AT_MOST };
      const { items } = await unwrap(api.GET("/commands", { params: { query }, signal }));
      return items.flatMap((command) => asTerminal(command) ?? []).reverse();
    },
  });
}

/** Where a terminal is attached to: from a place on, or from so far before its end. */
export function attachUrl(id: string, from: number | null, isView: boolean): URL {
  const url = new URL(`${apiBase}/commands/${id}/attach`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (from === null) url.searchParams.set("tail", String(TAIL_BYTES));
  else url.searchParams.set("output", String(from));
  if (isView) url.searchParams.set("view", "true");
  return url;
}

/** A piece of output, or null when it is none. */
export function readPiece(data: ArrayBuffer): { at: number; bytes: Uint8Array } | null {
  if (data.byteLength < 9) return null;
  return { at: Number(new DataView(data).getBigUint64(1)), bytes: new Uint8Array(data, 9) };
}

/** Input without a place: others may type, too. */
export function inputMessage(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(8 + bytes.length).fill(255, 0, 8);
  message.set(bytes, 8);
  return message;
}

export function resizeMessage({ columns, rows }: Size): string {
  return JSON.stringify({ type: "resize", columns, rows });
}

export type FromServer = { type: "state"; command: Command } | { type: "refused"; code: string; detail: string };

export function readMessage(text: string): FromServer | null {
  const message = JSON.parse(text) as FromServer | { type: "other" };
  return message.type === "state" || message.type === "refused" ? message : null;
}

/** The recording of a terminal, as asciicast. */
export async function readRecording(id: string, signal: AbortSignal): Promise<string> {
  const answer = await fetch(`${apiBase}/commands/${id}/recording`, { credentials: "same-origin", signal });
  if (!answer.ok) throw new ProblemError(await readProblem(answer));
  return answer.text();
}

export function recordingQuery(id: string) {
  return queryOptions({
    queryKey: ["terminal-recording", id],
    queryFn: ({ signal }) => readRecording(id, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
}
