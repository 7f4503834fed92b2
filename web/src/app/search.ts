// What each page accepts in its address. Anything else is dropped, so a hand-made link cannot confuse a screen.
type Raw = Record<string, unknown>;

function text(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value.slice(0, 400) : undefined;
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((one) => one === value);
}

export const roles = ["owner", "admin", "developer", "viewer"] as const;
export const outcomes = ["ok", "denied", "failed"] as const;
export const auditViews = ["suspicious", "integrity"] as const;

export interface SignInSearch {
  return_to?: string | undefined;
  error?: string | undefined;
}

export function signIn(raw: Raw): SignInSearch {
  return { return_to: text(raw.return_to), error: text(raw.error) };
}

export function device(raw: Raw): { code?: string | undefined } {
  return { code: text(raw.code) };
}

export interface PeopleSearch {
  search?: string | undefined;
  role?: (typeof roles)[number] | undefined;
  status?: "active" | "disabled" | undefined;
  person?: string | undefined;
}

export function people(raw: Raw): PeopleSearch {
  return {
    search: text(raw.search),
    role: oneOf(raw.role, roles),
    status: oneOf(raw.status, ["active", "disabled"]),
    person: text(raw.person),
  };
}

export function invitations(raw: Raw): { invite?: boolean | undefined } {
  return { invite: raw.invite === true || undefined };
}

export const secretKinds = ["password", "api_key", "ssh_key", "certificate", "totp", "free"] as const;

export interface SecretsSearch {
  search?: string | undefined;
  kind?: (typeof secretKinds)[number] | undefined;
  due?: boolean | undefined;
  /** Whether the dialog for a new one is open. */
  bring?: boolean | undefined;
}

export function secrets(raw: Raw): SecretsSearch {
  return {
    search: text(raw.search)?.slice(0, 200),
    kind: oneOf(raw.kind, secretKinds),
    due: raw.due === true || undefined,
    bring: raw.bring === true || undefined,
  };
}

export interface SettingsSearch {
  section?: string | undefined;
  search?: string | undefined;
  changed?: boolean | undefined;
}

export function settings(raw: Raw): SettingsSearch {
  return { section: text(raw.section), search: text(raw.search), changed: raw.changed === true || undefined };
}

export interface AuditSearch {
  view?: (typeof auditViews)[number] | undefined;
  actor?: string | undefined;
  action?: string | undefined;
  resource?: string | undefined;
  outcome?: (typeof outcomes)[number] | undefined;
  since?: string | undefined;
  until?: string | undefined;
  search?: string | undefined;
}

export function audit(raw: Raw): AuditSearch {
  return {
    view: oneOf(raw.view, auditViews),
    actor: text(raw.actor),
    action: text(raw.action),
    resource: text(raw.resource),
    outcome: oneOf(raw.outcome, outcomes),
    since: text(raw.since),
    until: text(raw.until),
    search: text(raw.search),
  };
}

export const machineStates = ["online", "busy", "offline", "error", "locked", "revoked"] as const;

export interface MachinesSearch {
  search?: string | undefined;
  /** Labels that they must have, all of them. */
  labels?: string | undefined;
  state?: (typeof machineStates)[number] | undefined;
  /** Whether the dialog for a new one is open. */
  add?: boolean | undefined;
}

export function machines(raw: Raw): MachinesSearch {
  return {
    search: text(raw.search)?.slice(0, 200),
    labels: text(raw.labels),
    state: oneOf(raw.state, machineStates),
    add: raw.add === true || undefined,
  };
}

export const commandStates = [
  "waiting",
  "running",
  "ended",
  "refused",
  "needs_approval",
  "expired",
  "unknown",
] as const;

export interface CommandsSearch {
  machine?: string | undefined;
  state?: (typeof commandStates)[number] | undefined;
  actor?: string | undefined;
}

export function commands(raw: Raw): CommandsSearch {
  return {
    machine: text(raw.machine)?.slice(0, 64),
    state: oneOf(raw.state, commandStates),
    actor: text(raw.actor)?.slice(0, 64),
  };
}

export interface RunSearch {
  /** Ids of machines, with commas between them. */
  machines?: string | undefined;
  labels?: string | undefined;
  /** A command that is to be run again. */
  like?: string | undefined;
}

export function run(raw: Raw): RunSearch {
  const machines = typeof raw.machines === "string" ? raw.machines.slice(0, 20_000) || undefined : undefined;
  return { machines, labels: text(raw.labels), like: text(raw.like)?.slice(0, 64) };
}

export interface MachineCommandsSearch {
  state?: (typeof commandStates)[number] | undefined;
  /** A command whose operation the form begins with. */
  like?: string | undefined;
}

export function machineCommands(raw: Raw): MachineCommandsSearch {
  return { state: oneOf(raw.state, commandStates), like: text(raw.like)?.slice(0, 64) };
}

export interface MachineTerminalSearch {
  /** The terminal that is shown. */
  open?: string | undefined;
  /** Whether it is only looked at. */
  view?: boolean | undefined;
}

export function machineTerminal(raw: Raw): MachineTerminalSearch {
  return { open: text(raw.open)?.slice(0, 64), view: raw.view === true || undefined };
}

export interface MachineFilesSearch {
  root?: string | undefined;
  path?: string | undefined;
}

export function machineFiles(raw: Raw): MachineFilesSearch {
  return { root: text(raw.root)?.slice(0, 128), path: longText(raw.path) };
}

export const jobParts = ["under_way", "waiting", "ended"] as const;
export const jobStates = [
  "queued",
  "leased",
  "running",
  "succeeded",
  "failed",
  "cancelled",
  "timed_out",
  "expired",
] as const;

export interface JobsSearch {
  part?: (typeof jobParts)[number] | undefined;
  state?: (typeof jobStates)[number] | undefined;
  queue?: string | undefined;
  machine?: string | undefined;
  owner?: string | undefined;
  label?: string | undefined;
  schedule?: string | undefined;
  search?: string | undefined;
}

export function jobs(raw: Raw): JobsSearch {
  return {
    part: oneOf(raw.part, jobParts),
    state: oneOf(raw.state, jobStates),
    queue: text(raw.queue)?.slice(0, 64),
    machine: text(raw.machine)?.slice(0, 64),
    owner: text(raw.owner)?.slice(0, 64),
    label: text(raw.label)?.slice(0, 128),
    schedule: text(raw.schedule)?.slice(0, 64),
    search: text(raw.search)?.slice(0, 200),
  };
}

export interface NewJobSearch {
  /** A job that is to be run again, perhaps otherwise. */
  like?: string | undefined;
  /** A machine that it is meant for. */
  machine?: string | undefined;
  /** A job that it waits for. */
  after?: string | undefined;
}

export function newJob(raw: Raw): NewJobSearch {
  return {
    like: text(raw.like)?.slice(0, 64),
    machine: text(raw.machine)?.slice(0, 64),
    after: text(raw.after)?.slice(0, 64),
  };
}

export interface JobSearch {
  /** The attempt that is looked at; without one, the last. */
  attempt?: number | undefined;
}

export function job(raw: Raw): JobSearch {
  const attempt = typeof raw.attempt === "number" && Number.isInteger(raw.attempt) && raw.attempt > 0;
  return { attempt: attempt ? (raw.attempt as number) : undefined };
}

export interface DeadLettersSearch {
  queue?: string | undefined;
  reason?: string | undefined;
  owner?: string | undefined;
}

export function deadLetters(raw: Raw): DeadLettersSearch {
  return {
    queue: text(raw.queue)?.slice(0, 64),
    reason: text(raw.reason)?.slice(0, 64),
    owner: text(raw.owner)?.slice(0, 64),
  };
}

export const jobWindows = ["1h", "24h", "7d", "30d"] as const;

export interface JobStatisticsSearch {
  window?: (typeof jobWindows)[number] | undefined;
  queue?: string | undefined;
}

export function jobStatistics(raw: Raw): JobStatisticsSearch {
  return { window: oneOf(raw.window, jobWindows), queue: text(raw.queue)?.slice(0, 64) };
}

/** A path may be as long as the system lets it be. */
function longText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value.slice(0, 4096) : undefined;
}
