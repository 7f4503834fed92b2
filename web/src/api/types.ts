// Short names for the schemas of the OpenAPI document; nothing here is written by hand twice.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Problem = Schemas["Problem"];
export type User = Schemas["User"];
export type Me = Schemas["Me"];
export type Role = User["role"];
export type Language = User["language"];
export type Theme = User["theme"];
export type Permission = Me["permissions"][number];
export type Plan = Schemas["Plan"];
export type SignInResult = Schemas["SignInResult"];
export type Session = Schemas["Session"];
export type ApiToken = Schemas["ApiToken"];
export type Passkey = Schemas["Passkey"];
export type LinkedIdentity = Schemas["LinkedIdentity"];
export type Invitation = Schemas["Invitation"];
export type AuditEntry = Schemas["AuditEntry"];
export type AuditVerification = Schemas["AuditVerification"];
export type AuditCheckpoint = Schemas["AuditCheckpoint"];
export type SuspiciousActivity = Schemas["SuspiciousActivity"];
export type Status = Schemas["Status"];
export type Setting = Schemas["Setting"];
export type OutboxMail = Schemas["OutboxMail"];
