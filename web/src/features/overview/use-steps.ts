import type { LinkProps } from "@tanstack/react-router";
import type { Status } from "@/api/types";
import { useCan, useMe } from "@/app/me";
import { passkeysSupported } from "@/features/identity/webauthn";
import type { IconName } from "@/ui/icon";

export interface Step {
  name: "second_factor" | "passkey" | "invite" | "mail" | "backup";
  icon: IconName;
  /** Where it is done; null for the one that Diwan can only explain. */
  way: LinkProps | null;
  done: boolean;
}

/** The steps that this person can take. */
export function useSteps(status: Status, backedUp: boolean): Step[] {
  const me = useMe();
  const mayInvite = useCan("invitations.manage");
  const isOperator = useCan("settings.manage");
  const security: LinkProps = { to: "/profile/security" };
  const own: Step[] = [{ name: "second_factor", icon: "shield", way: security, done: me.totp_enabled }];
  // Plain HTTP on a home network has no passkeys, so nobody is asked for what cannot be done.
  if (passkeysSupported()) own.push({ name: "passkey", icon: "key", way: security, done: me.passkey_count > 0 });
  const invite: Step = {
    name: "invite",
    icon: "people",
    way: { to: "/people/invitations", search: { invite: true } },
    done: status.people.total > 1,
  };
  const operator: Step[] = [
    { name: "mail", icon: "mail", way: { to: "/settings", search: { search: "mail" } }, done: status.mail === "smtp" },
    { name: "backup", icon: "database", way: null, done: backedUp },
  ];
  return [...own, ...(mayInvite ? [invite] : []), ...(isOperator ? operator : [])];
}
