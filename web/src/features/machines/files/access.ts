// Everything that the screen of files asks the server, in one place.
import { api, apiBase, unwrap } from "@/api/client";
import { ProblemError, problemFrom } from "@/api/problem";
import { pagedQuery } from "@/api/queries";
import type { CommandOperation } from "@/api/types";
import { below, type Place } from "./place";

const PAGE = 200;
/** What is there already is kept, and said with this code. */
const TAKEN = new Set(["file_exists"]);

export function filesQuery(machine: string, { root, path }: Place) {
  return pagedQuery(["machine-files", machine, root, path], (cursor, signal) => {
    const params = { path: { id: machine }, query: { root, path, cursor, limit: PAGE } };
    return unwrap(api.GET("/machines/{id}/files", { params, signal }));
  });
}

export function contentUrl(machine: string, { root, path }: Place, overwrite?: boolean): string {
  const query = new URLSearchParams({ root, path, ...(overwrite ? { overwrite: "true" } : {}) });
  return `${apiBase}/machines/${machine}/files/content?${query}`;
}

/** What the policy of a machine is asked about a directory. */
export function listing(place: Place): CommandOperation {
  return { kind: "files.list", ...place };
}

/** What is asked before anybody has chosen a file: a directory itself is no name that a file could have. */
export function puttingInto(directory: Place): CommandOperation {
  return { kind: "files.put", ...below(directory, "file") };
}

/** So much of a file is asked for first. What is refused is refused here, in words. */
const FIRST_BYTES = 1024 * 1024;

/** All of a small file, or null if there is more, which the browser brings to the disk by itself. */
export async function readSmallFile(machine: string, { root, path }: Place): Promise<Blob | null> {
  const asked = api.GET("/machines/{id}/files/content", {
    params: { path: { id: machine }, query: { root, path } },
    headers: { Range: `bytes=0-${FIRST_BYTES - 1}` },
    parseAs: "blob",
  });
  const start: Blob = await unwrap(asked);
  const { response } = await asked;
  return isWhole(response.headers.get("content-range"), start.size) ? start : null;
}

/** Whether a part is all there is; an answer that names no part is whole. */
export function isWhole(range: string | null, size: number): boolean {
  return range === null || range.endsWith(`/${size}`);
}

export interface Sending {
  done: Promise<"stored" | "taken">;
  abort: () => void;
}

/** Sends a file; `tell` hears how many bytes have gone. Only this older way to ask tells that in browsers. */
export function sendFile(url: string, file: Blob, tell: (bytes: number) => void): Sending {
  const request = new XMLHttpRequest();
  const done = new Promise<"stored" | "taken">((stored, failed) => {
    request.open("PUT", url);
    request.setRequestHeader("X-Diwan-Csrf", "1");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = ({ loaded }) => tell(loaded);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) return stored("stored");
      const problem = problemFrom(parsed(request.responseText), request.status);
      if (TAKEN.has(problem.code)) stored("taken");
      else failed(new ProblemError(problem));
    };
    request.onerror = () => failed(new ProblemError(problemFrom({ code: "unreachable" }, 0)));
    request.onabort = () => failed(new DOMException("it was stopped", "AbortError"));
    request.send(file);
  });
  return { done, abort: () => request.abort() };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
