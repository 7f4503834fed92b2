// What is said of the files of an attempt, and where they are had.
import { apiBase } from "@/api/client";
import type { Artifact, Artifacts } from "../api";

export const artifactAddress = (job: string, attempt: number | null | undefined, path: string) =>
  `${apiBase}/jobs/${job}/artifacts/content?attempt=${attempt ?? 1}&path=${encodeURIComponent(path)}`;

/** A file comes from its machine while that keeps it and is there, or else from the object storage. */
export const canBeHad = (found: Artifacts, file: Artifact) =>
  (found.state === "kept" && found.is_machine_connected) || file.copy !== undefined;

export type ArtifactWord = "pending" | "gone" | "gone_copied" | "too_old" | "untold" | "none" | "away" | "away_copied";

/** What has to be said, if it is not all to be had from the machine. */
export function wordOf(found: Artifacts): { key: ArtifactWord; tone: "info" | "warn" } | null {
  const copied = found.files.length > 0 && found.files.every((file) => file.copy !== undefined);
  switch (found.state) {
    case "not_asked":
      return null;
    case "pending":
      return { key: "pending", tone: "info" };
    case "gone":
      return copied ? { key: "gone_copied", tone: "info" } : { key: "gone", tone: "warn" };
    case "bridge_too_old":
      return { key: "too_old", tone: "warn" };
    case "untold":
      return { key: "untold", tone: "info" };
    case "kept":
      if (found.files.length === 0) return { key: "none", tone: "info" };
      if (found.is_machine_connected) return null;
      return copied ? { key: "away_copied", tone: "info" } : { key: "away", tone: "warn" };
  }
}

/** Which copies there are in the object storage, if one is set. */
export function copiesOf(found: Artifacts): { key: "all" | "some" | "under_way"; done: number } | null {
  if (found.copying === "off") return null;
  const done = found.files.filter((file) => file.copy !== undefined).length;
  if (found.copying === "waiting") return { key: "under_way", done };
  return { key: done === found.files.length ? "all" : "some", done };
}
