// One terminal, wherever it stands: not open yet, open, or over.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toProblem } from "@/api/problem";
import type { Command, MachineDetail } from "@/api/types";
import { useMe } from "@/app/me";
import { Notice } from "@/ui/notice";
import { Card, Section } from "@/ui/page";
import { ErrorState } from "@/ui/problem";
import { EmptyState, SkeletonRows } from "@/ui/states";
import { CommandState, isOpen } from "../command/command-state";
import { Why } from "../command/why";
import { commandQuery } from "../queries";
import { asTerminal } from "./access";
import { Session } from "./session";
import { Watch } from "./watch";

interface OneTerminalProps {
  id: string;
  machine: MachineDetail;
  /** Whether it is only looked at. */
  isView: boolean;
}

export function OneTerminal(props: OneTerminalProps) {
  const { t } = useTranslation();
  const command = useQuery(commandQuery(props.id));
  if (command.isPending) {
    return (
      <Card>
        <SkeletonRows rows={3} />
      </Card>
    );
  }
  const isNone =
    toProblem(command.error).status === 404 ||
    (command.data && (!asTerminal(command.data) || command.data.machine_id !== props.machine.id));
  if (isNone) {
    return (
      <Card>
        <EmptyState icon="terminal" title={t("terminals.none")}>
          {t("terminals.none_text")}
        </EmptyState>
      </Card>
    );
  }
  if (command.data) return <Shown {...props} command={command.data} />;
  return (
    <Card>
      <ErrorState error={command.error} retry={() => command.refetch()} />
    </Card>
  );
}

function Shown({ command, isView }: OneTerminalProps & { command: Command }) {
  const { t } = useTranslation();
  const { user } = useMe();
  // One that ends while it is looked at stays on the page with what it said last.
  const [wasOpen, setWasOpen] = useState(isOpen(command));
  if (!wasOpen && isOpen(command)) setWasOpen(true);
  const terminal = asTerminal(command);
  if (!terminal) return null;
  const isOthers = command.actor.user_id !== user.id;
  if (wasOpen) return <Session terminal={terminal} isView={isView || isOthers} isOthers={isOthers} />;
  return (
    <Section title={t("terminals.over.title")}>
      <div className="grid gap-4">
        <p className="flex flex-wrap items-center gap-3 text-sm text-muted">
          <CommandState command={command} />
        </p>
        <Why command={command} />
        {command.state === "ended" &&
          (terminal.operation.record ? (
            <Watch terminal={terminal} />
          ) : (
            <Notice>{t("terminals.over.unrecorded")}</Notice>
          ))}
      </div>
    </Section>
  );
}
