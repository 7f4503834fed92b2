// The map of the dashboard. Every page is fetched when it is first opened.
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, Outlet, redirect } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { isSessionEnded } from "@/api/problem";
import { meQuery } from "@/api/queries";
import { onSessionEnded } from "@/api/session-ended";
import { page } from "./page";
import { queryClient } from "./query-client";
import { NotFound, NothingHere, PageSkeleton, RouteError } from "./route-states";
import * as search from "./search";

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Outlet });

const atRoot = () => root;

const signIn = createRoute({
  getParentRoute: atRoot,
  path: "/sign-in",
  validateSearch: search.signIn,
  component: page(() => import("@/features/identity/sign-in/sign-in-page")),
});
const signInLink = createRoute({
  getParentRoute: atRoot,
  path: "/sign-in/link",
  validateSearch: search.signIn,
  component: page(() => import("@/features/identity/sign-in/link-page")),
});
const welcome = createRoute({
  getParentRoute: atRoot,
  path: "/welcome",
  component: page(() => import("@/features/identity/sign-in/welcome-page")),
});
const join = createRoute({
  getParentRoute: atRoot,
  path: "/join",
  component: page(() => import("@/features/identity/sign-in/join-page")),
});
const rescue = createRoute({
  getParentRoute: atRoot,
  path: "/rescue",
  component: page(() => import("@/features/identity/sign-in/rescue-page")),
});

/** Everything below needs a session; without one the person signs in and comes back to the same place. */
const signedIn = createRoute({
  getParentRoute: atRoot,
  id: "signed-in",
  component: Outlet,
  beforeLoad: async ({ context, location, cause }) => {
    // The reference is open to everybody; who is signed in finds it inside the dashboard.
    if (/^\/docs\/?$/.test(location.pathname)) return cause === "stay" ? undefined : lookWhoIsThere(context.queries);
    try {
      await context.queries.ensureQueryData(meQuery);
    } catch (error) {
      if (!isSessionEnded(error)) throw error;
      throw redirect({ to: "/sign-in", search: { return_to: location.href } });
    }
  },
});
const device = createRoute({
  getParentRoute: () => signedIn,
  path: "/device",
  validateSearch: search.device,
  component: page(() => import("@/features/identity/sign-in/device-page")),
});
const shell = createRoute({
  getParentRoute: () => signedIn,
  id: "shell",
  component: page(() => import("./shell/frame")),
});

const inShell = () => shell;

const overview = createRoute({
  getParentRoute: inShell,
  path: "/",
  component: page(() => import("@/features/overview/overview-page")),
});
const people = createRoute({
  getParentRoute: inShell,
  path: "/people",
  validateSearch: search.people,
  component: page(() => import("@/features/identity/people/people-page")),
});
const invitations = createRoute({
  getParentRoute: inShell,
  path: "/people/invitations",
  validateSearch: search.invitations,
  component: page(() => import("@/features/identity/people/invitations-page")),
});
const profile = createRoute({
  getParentRoute: inShell,
  path: "/profile",
  component: page(() => import("@/features/identity/profile/profile-page")),
});
const profileIndex = createRoute({
  getParentRoute: () => profile,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/profile/general", replace: true });
  },
});
const general = createRoute({
  getParentRoute: () => profile,
  path: "/general",
  component: page(() => import("@/features/identity/profile/general")),
});
const security = createRoute({
  getParentRoute: () => profile,
  path: "/security",
  component: page(() => import("@/features/identity/profile/security")),
});
const sessions = createRoute({
  getParentRoute: () => profile,
  path: "/sessions",
  component: page(() => import("@/features/identity/profile/sessions")),
});
const tokens = createRoute({
  getParentRoute: () => profile,
  path: "/tokens",
  component: page(() => import("@/features/identity/profile/tokens")),
});
const machines = createRoute({
  getParentRoute: inShell,
  path: "/machines",
  validateSearch: search.machines,
  component: page(() => import("@/features/machines/list/machines-page")),
});
const commands = createRoute({
  getParentRoute: inShell,
  path: "/machines/commands",
  validateSearch: search.commands,
  component: page(() => import("@/features/machines/command/commands-page")),
});
const command = createRoute({
  getParentRoute: inShell,
  path: "/machines/commands/$id",
  component: page(() => import("@/features/machines/command/command-page")),
});
const runOnMany = createRoute({
  getParentRoute: inShell,
  path: "/machines/run",
  validateSearch: search.run,
  component: page(() => import("@/features/machines/many/run-page")),
});
const batch = createRoute({
  getParentRoute: inShell,
  path: "/machines/runs/$id",
  component: page(() => import("@/features/machines/many/batch-page")),
});
const machine = createRoute({
  getParentRoute: inShell,
  path: "/machines/$id",
  component: page(() => import("@/features/machines/one/machine-page")),
});
const machineOverview = createRoute({
  getParentRoute: () => machine,
  path: "/",
  component: page(() => import("@/features/machines/one/overview")),
});
const machineCommands = createRoute({
  getParentRoute: () => machine,
  path: "/commands",
  validateSearch: search.machineCommands,
  component: page(() => import("@/features/machines/one/commands")),
});
const machineTerminal = createRoute({
  getParentRoute: () => machine,
  path: "/terminal",
  validateSearch: search.machineTerminal,
  component: page(() => import("@/features/machines/terminal/terminal-page")),
});
const machineFiles = createRoute({
  getParentRoute: () => machine,
  path: "/files",
  validateSearch: search.machineFiles,
  component: page(() => import("@/features/machines/files/files-page")),
});
const machinePolicy = createRoute({
  getParentRoute: () => machine,
  path: "/policy",
  component: page(() => import("@/features/machines/one/policy")),
});
const machineCertificates = createRoute({
  getParentRoute: () => machine,
  path: "/certificates",
  component: page(() => import("@/features/machines/one/certificates")),
});
const machineSshKeys = createRoute({
  getParentRoute: () => machine,
  path: "/ssh-keys",
  component: page(() => import("@/features/machines/ssh-keys/ssh-keys")),
});
const machineActivity = createRoute({
  getParentRoute: () => machine,
  path: "/activity",
  component: page(() => import("@/features/machines/one/activity")),
});
const jobs = createRoute({
  getParentRoute: inShell,
  path: "/jobs",
  validateSearch: search.jobs,
  component: page(() => import("@/features/jobs/list/jobs-page")),
});
const newJob = createRoute({
  getParentRoute: inShell,
  path: "/jobs/new",
  validateSearch: search.newJob,
  component: page(() => import("@/features/jobs/form/new-job-page")),
});
const deadLetters = createRoute({
  getParentRoute: inShell,
  path: "/jobs/dead-letters",
  validateSearch: search.deadLetters,
  component: page(() => import("@/features/jobs/dead/dead-letters-page")),
});
const jobStatistics = createRoute({
  getParentRoute: inShell,
  path: "/jobs/statistics",
  validateSearch: search.jobStatistics,
  component: page(() => import("@/features/jobs/statistics/statistics-page")),
});
const schedules = createRoute({
  getParentRoute: inShell,
  path: "/jobs/schedules",
  component: page(() => import("@/features/jobs/schedules/schedules-page")),
});
const newSchedule = createRoute({
  getParentRoute: inShell,
  path: "/jobs/schedules/new",
  validateSearch: search.newJob,
  component: page(() => import("@/features/jobs/schedules/new-schedule-page")),
});
const schedule = createRoute({
  getParentRoute: inShell,
  path: "/jobs/schedules/$id",
  component: page(() => import("@/features/jobs/schedules/schedule-page")),
});
const changeSchedule = createRoute({
  getParentRoute: inShell,
  path: "/jobs/schedules/$id/change",
  component: page(() => import("@/features/jobs/schedules/change-schedule-page")),
});
const job = createRoute({
  getParentRoute: inShell,
  path: "/jobs/$id",
  validateSearch: search.job,
  component: page(() => import("@/features/jobs/one/job-page")),
});
const secrets = createRoute({
  getParentRoute: inShell,
  path: "/secrets",
  validateSearch: search.secrets,
  component: page(() => import("@/features/vault/secrets-page")),
});

const secret = createRoute({
  getParentRoute: inShell,
  path: "/secrets/$id",
  component: page(() => import("@/features/vault/secret/secret-page")),
});

const secretCalendar = createRoute({
  getParentRoute: inShell,
  path: "/secrets/calendar",
  component: page(() => import("@/features/vault/calendar/calendar-page")),
});

const secretPolicies = createRoute({
  getParentRoute: inShell,
  path: "/secrets/policies",
  component: page(() => import("@/features/vault/policies/policies-page")),
});

const secretLeases = createRoute({
  getParentRoute: inShell,
  path: "/secrets/leases",
  component: page(() => import("@/features/vault/leases-page")),
});

const vault = createRoute({
  getParentRoute: inShell,
  path: "/secrets/vault",
  component: page(() => import("@/features/vault/seal/vault-page")),
});

const audit = createRoute({
  getParentRoute: inShell,
  path: "/audit",
  validateSearch: search.audit,
  component: page(() => import("@/features/audit/audit-page")),
});
const settings = createRoute({
  getParentRoute: inShell,
  path: "/settings",
  validateSearch: search.settings,
  component: page(() => import("@/features/settings/settings-page")),
});
const settingsHistory = createRoute({
  getParentRoute: inShell,
  path: "/settings/history",
  component: page(() => import("@/features/settings/history/history-page")),
});
const outbox = createRoute({
  getParentRoute: inShell,
  path: "/settings/outbox",
  component: page(() => import("@/features/settings/outbox-page")),
});
const docs = createRoute({
  getParentRoute: inShell,
  path: "/docs",
  component: page(() => import("@/features/docs/docs-page")),
});

/** Asked past the cache's own fetching, which takes a refusal as the end of a session. */
async function lookWhoIsThere(queries: QueryClient) {
  if (queries.getQueryData(meQuery.queryKey)) return;
  const me = await unwrap(api.GET("/me")).catch(() => undefined);
  if (me) queries.setQueryData(meQuery.queryKey, me);
}

const elsewhere = createRoute({ getParentRoute: inShell, path: "$", component: NothingHere });

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    signInLink,
    welcome,
    join,
    rescue,
    signedIn.addChildren([
      device,
      shell.addChildren([
        overview,
        people,
        invitations,
        profile.addChildren([profileIndex, general, security, sessions, tokens]),
        machines,
        commands,
        command,
        runOnMany,
        batch,
        machine.addChildren([
          machineOverview,
          machineCommands,
          machineTerminal,
          machineFiles,
          machinePolicy,
          machineCertificates,
          machineSshKeys,
          machineActivity,
        ]),
        jobs,
        newJob,
        deadLetters,
        jobStatistics,
        schedules,
        newSchedule,
        schedule,
        changeSchedule,
        job,
        secrets,
        secret,
        secretCalendar,
        secretPolicies,
        secretLeases,
        vault,
        audit,
        settings,
        settingsHistory,
        outbox,
        elsewhere,
        docs,
      ]),
    ]),
  ]),
  context: { queries: queryClient },
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  defaultPendingMs: 150,
  defaultPendingComponent: PageSkeleton,
  defaultErrorComponent: RouteError,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

onSessionEnded(() => {
  if (router.state.location.pathname.startsWith("/sign-in")) return;
  const return_to = router.state.location.href;
  // Who never was signed in on this page need not hear that it is over.
  const error = queryClient.getQueryData(meQuery.queryKey) && "session_ended";
  queryClient.clear();
  // Nothing on the page can be sent any more: no form may hold them back.
  void router.navigate({ to: "/sign-in", search: { return_to, error }, ignoreBlocker: true });
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
