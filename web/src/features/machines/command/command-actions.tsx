// Stopping a command, telling it a signal, and running it again.
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Command } from "@/api/types";
import { Button, buttonLook } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { Menu, MenuItem } from "@/ui/menu";
import { useProblemText } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { useRefresh } from "../use-machines";
import { isOpen } from "./command-state";
import { hasForm } from "./draft";

/** Those that people send by hand, by their numbers on Linux. */
const signals = [
  { signal: 2, name: "SIGINT", key: "interrupt" },
  { signal: 15, name: "SIGTERM", key: "end" },
  { signal: 1, name: "SIGHUP", key: "hang_up" },
  { signal: 9, name: "SIGKILL", key: "kill" },
] as const;

export function CommandActions({ command }: { command: Command }) {
  const { t } = useTranslation();
  if (isOpen(command)) return <Stopping command={command} />;
  if (!hasForm(command.operation)) return null;
  return (
    <Link
      to="/machines/$id/commands"
      params={{ id: command.machine_id }}
      search={{ like: command.id }}
      className={buttonLook("secondary", "sm")}
    >
      <Icon name="refresh" className="size-4" />
      {t("commands.again")}
    </Link>
  );
}

function Stopping({ command }: { command: Command }) {
  const { t } = useTranslation();
  const text = useProblemText();
  const refresh = useRefresh();
  const told = { onError: (error: unknown) => toast(text(error), "danger"), onSettled: refresh };
  const params = { path: { id: command.id } };
  const cancel = useMutation({ mutationFn: () => unwrap(api.POST("/commands/{id}/cancel", { params })), ...told });
  const send = useMutation({
    mutationFn: (signal: number) => unwrap(api.POST("/commands/{id}/signal", { params, body: { signal } })),
    onError: told.onError,
  });
  return (
    <div className="flex flex-wrap gap-2">
      <Button
        size="sm"
        icon="stop"
        busy={cancel.isPending}
        disabled={command.cancel_asked_at !== null}
        onClick={() => cancel.mutate()}
      >
        {t(command.cancel_asked_at ? "commands.state.stopping" : "commands.stop")}
      </Button>
      {command.state === "running" && hasForm(command.operation) && (
        <Menu
          trigger={
            <Button size="sm" busy={send.isPending}>
              {t("commands.signal.title")}
              <Icon name="down" className="size-4" />
            </Button>
          }
        >
          {signals.map(({ signal, name, key }) => (
            <MenuItem key={signal} onSelect={() => send.mutate(signal)}>
              <span className="flex-1">{t(`commands.signal.${key}`)}</span>
              <bdi dir="ltr" className="font-mono text-xs text-faint">
                {name}
              </bdi>
            </MenuItem>
          ))}
        </Menu>
      )}
    </div>
  );
}
