// What the tests of this folder vary.
import type { AuditEntry } from "@/api/types";

export const anEntry: AuditEntry = {
  seq: 1,
  id: "aud_1",
  at: "2026-11-20T12:00:00.000Z",
  actor: { kind: "user", id: "usr_1", name: "Amina" },
  action: "user.update",
  outcome: "ok",
  resource: null,
  address: null,
  user_agent: null,
  request_id: null,
  duration_ms: null,
  error: null,
  command: null,
  machine: null,
  metadata: {},
};
