// What is said of the files of an attempt, and where they are had.
import { apiBase } from "@/api/client";
import type { Artifacts } from "../api";

export const artifactAddress = (job: string, attempt: number | null | undefined, path: string) =>
  `${apiBase}/jobs/${job}/artifacts/content?attempt=${attempt ?? 1}&path=${encodeURIComponent(path)}`;

/** Files come from the machine: while that is away, none can be had. */
export const canBeHad = (found: Artifacts) => found.state === "kept" && found.is_machine_connected;

export type ArtifactWord = "pending" | "gone" | "too_old" | "untold" | "none" | "away";

/** What has to be said, if it is not all here to be had. */
export function wordOf(found: Artifacts): { key: ArtifactWord; tone: "info" | "warn" } | null {
  switch (found.state) {
    case "not_asked":
      return null;
    case "pending":
      return { key: "pending", tone: "info" };
    case "gone":
      return { key: "gone", tone: "warn" };
    case "bridge_too_old":
      return { key: "too_old", tone: "warn" };
    case "untold":
      return { key: "untold", tone: "info" };
    case "kept":
      if (found.files.length === 0) return { key: "none", tone: "info" };
      return found.is_machine_connected ? null : { key: "away", tone: "warn" };
  }
}
