// One command: where it stands, what it says, and what can be done about it.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Command } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { buttonLook } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { Notice } from "@/ui/notice";
import { ErrorState } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import { Moment } from "@/ui/time";
import { OutputView } from "../output/output-view";
import { commandQuery } from "../queries";
import { asTerminal } from "../terminal/access";
import { useNow } from "../use-machines";
import { CommandActions } from "./command-actions";
import { CommandState, isOpen } from "./command-state";
import { placeOf, summary } from "./draft";
import { InputLine } from "./input-line";
import { ScriptSource } from "./script-fields";
import { Why } from "./why";

export function CommandView({ id, heading }: { id: string; heading?: boolean }) {
  const command = useQuery(commandQuery(id));
  if (command.isPending) return <SkeletonRows rows={3} />;
  if (!command.data) return <ErrorState error={command.error} retry={() => command.refetch()} />;
  return <Shown command={command.data} heading={heading ?? false} />;
}

function Shown({ command, heading }: { command: Command; heading: boolean }) {
  const isTerminal = asTerminal(command) !== null;
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          {heading && (
            <p dir="ltr" className="font-mono text-sm wrap-anywhere rtl:text-end">
              {summary(command.operation)}
            </p>
          )}
          <p role="status" className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
            <CommandState command={command} />
            <Took command={command} />
          </p>
        </div>
        <CommandActions command={command} />
      </div>
      <Why command={command} />
      <ScriptSource operation={command.operation} />
      {isTerminal && <ToTerminal command={command} />}
      {!isTerminal && hasOutput(command) && <OutputView key={command.id} command={command} />}
      <OutputGone command={command} />
      {!isTerminal && command.has_input && command.state === "running" && <InputLine id={command.id} />}
      <Facts command={command} />
    </div>
  );
}

function ToTerminal({ command }: { command: Command }) {
  const { t } = useTranslation();
  return (
    <div>
      <Link
        to="/machines/$id/terminal"
        params={{ id: command.machine_id }}
        search={{ open: command.id }}
        className={buttonLook("primary")}
      >
        <Icon name="terminal" />
        {t("terminals.open")}
      </Link>
    </div>
  );
}

/** What never ran says nothing. */
function hasOutput(command: Command): boolean {
  if (command.output_deleted_at) return false;
  return command.output_bytes + command.error_bytes > 0 || command.started_at !== null || isOpen(command);
}

function OutputGone({ command }: { command: Command }) {
  const { t } = useTranslation();
  return command.output_deleted_at ? <Notice>{t("problem.output_deleted")}</Notice> : null;
}

function Took({ command }: { command: Command }) {
  const { t } = useTranslation();
  const format = useFormat();
  const runs = isOpen(command) && command.started_at !== null;
  const now = useNow(1000, runs);
  if (command.state === "waiting") {
    return (
      <span>
        {t("commands.waits_until")} <Moment at={command.expires_at} />
      </span>
    );
  }
  if (command.usage) return <bdi>{format.took(Math.round(command.usage.wall_us / 1000))}</bdi>;
  if (!runs || !command.started_at) return null;
  const seconds = Math.max(0, Math.round((now - new Date(command.started_at).getTime()) / 1000));
  return <bdi className="tabular-nums">{format.took(seconds * 1000)}</bdi>;
}

function Facts({ command }: { command: Command }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { usage, verdict, approval } = command;
  const place = placeOf(command.operation);
  const variables = Object.entries(command.env);
  const us = (value: number) => format.took(Math.round(value / 1000));
  return (
    <dl className="grid gap-x-8 gap-y-2 border-t border-line pt-4 text-sm sm:grid-cols-2">
      <Fact name={t("commands.machine")}>
        <Link
          to="/machines/$id"
          params={{ id: command.machine_id }}
          dir="ltr"
          className="rounded-sm text-accent underline-offset-2 hover:underline"
        >
          {command.machine_name}
        </Link>
      </Fact>
      <Fact name={t("commands.actor")}>
        <bdi>{command.actor.name}</bdi>
      </Fact>
      <Fact name={t("commands.issued")}>
        <Moment at={command.issued_at} />
      </Fact>
      <Fact name={t("commands.place")}>{place && <Code>{place}</Code>}</Fact>
      <Fact name={t("commands.verdict.rule")}>{verdict?.rule && <bdi>{verdict.rule}</bdi>}</Fact>
      <Fact name={t("commands.approved_by")}>{approval && <bdi>{approval.by.name}</bdi>}</Fact>
      <Fact name={t("commands.usage.processor")}>{usage && us(usage.user_us + usage.system_us)}</Fact>
      <Fact name={t("commands.usage.memory")}>
        {usage && usage.memory_bytes > 0 && format.bytes(usage.memory_bytes)}
      </Fact>
      <Fact name={t("commands.input_taken")}>{command.input_bytes > 0 && format.bytes(command.input_bytes)}</Fact>
      <Fact name={t("commands.variables")}>
        {variables.length > 0 && (
          <ul className="grid gap-1">
            {variables.map(([name, value]) => (
              <li key={name}>
                <Code>{`${name}=${value}`}</Code>
              </li>
            ))}
          </ul>
        )}
      </Fact>
      <Fact name={t("commands.secrets")}>
        {command.secrets.length > 0 && (
          <ul className="grid gap-1">
            {command.secrets.map(({ env, secret }) => (
              <li key={env}>
                <Code>{`${env} ← ${secret}`}</Code>
              </li>
            ))}
          </ul>
        )}
      </Fact>
      <Fact name={t("commands.id")}>
        <Code>{command.id}</Code>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (!children) return null;
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-4">
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </div>
  );
}

function Code({ children }: { children: string }) {
  return (
    <bdi dir="ltr" className="font-mono text-xs">
      {children}
    </bdi>
  );
}
