// The places one can go, listed once for the side bar, the command palette and the shortcuts.
import type { LinkProps } from "@tanstack/react-router";
import type { Permission } from "@/api/types";
import type { IconName } from "@/ui/icon";

export interface Place {
  name:
    | "overview"
    | "people"
    | "invitations"
    | "machines"
    | "commands"
    | "jobs"
    | "schedules"
    | "dead_letters"
    | "job_statistics"
    | "secrets"
    | "audit"
    | "settings"
    | "outbox"
    | "profile"
    | "security"
    | "sessions"
    | "tokens"
    | "docs";
  to: NonNullable<LinkProps["to"]>;
  icon: IconName;
  /** Pressed after "g". */
  key?: string;
  needs?: Permission;
  inSideBar?: boolean;
}

export const places: Place[] = [
  { name: "overview", to: "/", icon: "home", key: "o", inSideBar: true },
  { name: "people", to: "/people", icon: "people", key: "p", needs: "users.read", inSideBar: true },
  { name: "invitations", to: "/people/invitations", icon: "mail", key: "i", needs: "invitations.manage" },
  { name: "machines", to: "/machines", icon: "machine", key: "c", needs: "machines.read", inSideBar: true },
  { name: "commands", to: "/machines/commands", icon: "terminal", key: "r", needs: "commands.run" },
  { name: "jobs", to: "/jobs", icon: "jobs", key: "j", needs: "jobs.read", inSideBar: true },
  { name: "schedules", to: "/jobs/schedules", icon: "calendar", key: "h", needs: "jobs.read" },
  { name: "dead_letters", to: "/jobs/dead-letters", icon: "inbox", key: "l", needs: "jobs.read" },
  { name: "job_statistics", to: "/jobs/statistics", icon: "chart", needs: "jobs.read" },
  { name: "secrets", to: "/secrets", icon: "lock", key: "v", needs: "secrets.read", inSideBar: true },
  { name: "audit", to: "/audit", icon: "audit", key: "a", needs: "audit.read", inSideBar: true },
  { name: "settings", to: "/settings", icon: "settings", key: "s", needs: "settings.read", inSideBar: true },
  { name: "outbox", to: "/settings/outbox", icon: "inbox", needs: "mail.outbox" },
  { name: "profile", to: "/profile/general", icon: "person", key: "m" },
  { name: "security", to: "/profile/security", icon: "shield", key: "e" },
  { name: "sessions", to: "/profile/sessions", icon: "laptop" },
  { name: "tokens", to: "/profile/tokens", icon: "key", key: "t" },
  { name: "docs", to: "/docs", icon: "docs", key: "d", inSideBar: true },
];
