// Everything the palette can do: go to a place, change the look, act on the account.
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { User } from "@/api/types";
import type { IconName } from "@/ui/icon";
import { toast } from "@/ui/toast";
import { useCan, useMe } from "../me";
import { usePreferences } from "../preferences";
import { useSignOut } from "../sign-out";
import { themes } from "../theme";
import { useGo, usePlaces } from "../use-go";

export interface Command {
  id: string;
  group: "places" | "actions" | "people";
  label: string;
  icon: IconName;
  hint?: string;
  keys?: string;
  run: () => void;
}

export function useCommands(onShortcuts: () => void) {
  const { t } = useTranslation();
  const { user } = useMe();
  const places = usePlaces();
  const go = useGo();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const { setTheme, setLanguage } = usePreferences();
  const mayInvite = useCan("invitations.manage");
  const mayBring = useCan("secrets.use");
  const mayAdd = useCan("machines.manage");
  const mayRun = useCan("commands.run");
  const mayRunJobs = useCan("jobs.run");
  const mayReadPeople = useCan("users.read");
  const attempt = (work: Promise<unknown>) => void work.catch(() => toast(t("problem.unreachable"), "danger"));

  const goTo: Command[] = places.map((place) => ({
    id: `go ${place.name}`,
    group: "places",
    label: t(`places.${place.name}`),
    icon: place.icon,
    ...(place.key ? { keys: `G ${place.key.toUpperCase()}` } : {}),
    run: () => go(place),
  }));
  const invite: Command[] = mayInvite
    ? [
        {
          id: "invite",
          group: "actions",
          label: t("people.invite.action"),
          icon: "plus",
          run: () => void navigate({ to: "/people/invitations", search: { invite: true } }),
        },
      ]
    : [];
  const bring: Command[] = mayBring
    ? [
        {
          id: "new secret",
          group: "actions",
          label: t("palette.new_secret"),
          icon: "lock",
          run: () => void navigate({ to: "/secrets", search: { bring: true } }),
        },
      ]
    : [];

  const add: Command[] = mayAdd
    ? [
        {
          id: "add machine",
          group: "actions",
          label: t("palette.add_machine"),
          icon: "machine",
          run: () => void navigate({ to: "/machines", search: { add: true } }),
        },
      ]
    : [];
  const runCommand: Command[] = mayRun
    ? [
        {
          id: "run command",
          group: "actions",
          label: t("palette.run_command"),
          icon: "play",
          run: () => void navigate({ to: "/machines/run" }),
        },
      ]
    : [];

  const newJob: Command[] = mayRunJobs
    ? [
        {
          id: "new job",
          group: "actions",
          label: t("palette.new_job"),
          icon: "jobs",
          run: () => void navigate({ to: "/jobs/new" }),
        },
      ]
    : [];

  const look: Command[] = themes
    .filter((theme) => theme !== user.theme)
    .map((theme) => ({
      id: `theme ${theme}`,
      group: "actions",
      label: t("palette.theme", { theme: t(`theme.${theme}`) }),
      icon: "theme",
      run: () => attempt(setTheme(theme)),
    }));
  const other = user.language === "ar" ? "en" : "ar";
  const account: Command[] = [
    {
      id: "language العربية english",
      group: "actions",
      label: other === "ar" ? "العربية" : "English",
      icon: "language",
      hint: t("palette.language"),
      run: () => attempt(setLanguage(other)),
    },
    { id: "shortcuts", group: "actions", label: t("shortcuts.title"), icon: "keyboard", keys: "?", run: onShortcuts },
    { id: "sign out", group: "actions", label: t("shell.sign_out"), icon: "out", run: () => attempt(signOut()) },
  ];
  const personCommand = (person: User): Command => ({
    id: person.id,
    group: "people",
    label: person.name,
    icon: "person",
    hint: person.email,
    run: () => void navigate({ to: "/people", search: { person: person.id } }),
  });

  return {
    commands: [...goTo, ...invite, ...bring, ...add, ...runCommand, ...newJob, ...look, ...account],
    personCommand,
    mayReadPeople,
  };
}
