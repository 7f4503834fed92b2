// How the queues and the machines stand: what waits, what is under way, and how much room there is.
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { isolated } from "@/features/machines/use-machines";
import { useFormat } from "@/i18n/format";
import { Badge } from "@/ui/badge";
import { Button, IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Menu, MenuItem } from "@/ui/menu";
import { Card } from "@/ui/page";
import { useProblemText } from "@/ui/problem";
import { Skeleton } from "@/ui/states";
import { toast } from "@/ui/toast";
import type { JobMachine, JobQueue } from "../api";
import { changeQueue } from "../calls";
import { queuesQuery, slotsQuery } from "../queries";
import { useRefresh } from "../use-jobs";
import { ofInterest } from "./filter";
import { MachineLimit, QueueLimit } from "./limit-dialog";

export function Board() {
  const { t } = useTranslation();
  const queues = useQuery(queuesQuery);
  const machines = useQuery(slotsQuery);
  const mayManage = useCan("jobs.manage");
  return (
    <div className="mb-4 grid gap-4 lg:grid-cols-2">
      <Box title={t("jobs.queues.title")} query={queues}>
        {(all) =>
          all.filter(ofInterest).map((queue) => <QueueLine key={queue.name} queue={queue} mayManage={mayManage} />)
        }
      </Box>
      <Box title={t("jobs.machines.title")} query={machines}>
        {(all) =>
          all.length === 0 ? (
            <li className="px-4 py-3 text-muted">{t("jobs.machines.none")}</li>
          ) : (
            busiest(all).map((machine) => (
              <MachineLine key={machine.machine_id} machine={machine} mayManage={mayManage} />
            ))
          )
        }
      </Box>
    </div>
  );
}

/** Those with something under way first, and those that take nothing now last. */
function busiest(machines: JobMachine[]): JobMachine[] {
  const turn = ({ is_ready, under_way }: JobMachine) => (is_ready ? under_way : under_way - 1);
  return machines.toSorted((one, other) => turn(other) - turn(one) || one.name.localeCompare(other.name));
}

interface BoxProps<T> {
  title: string;
  query: UseQueryResult<T[]>;
  children: (all: T[]) => ReactNode;
}

/** Of the same height before there is something in it, so that what is below does not jump. */
function Box<T>({ title, query, children }: BoxProps<T>) {
  return (
    <Card className="min-w-0">
      <h2 className="border-b border-line px-4 py-2 text-sm font-medium text-muted">{title}</h2>
      {query.data ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        <section tabIndex={0} aria-label={title} className="max-h-40 overflow-y-auto -outline-offset-2">
          <ul className="divide-y divide-line">{children(query.data)}</ul>
        </section>
      ) : query.error ? (
        <Broken error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Lines />
      )}
    </Card>
  );
}

function Lines() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("common.loading")} className="divide-y divide-line">
      {["w-1/3", "w-1/2", "w-2/5"].map((width) => (
        <div key={width} className="flex min-h-11 items-center px-4">
          <Skeleton className={cx("h-3.5", width)} />
        </div>
      ))}
    </div>
  );
}

function Broken({ error, retry }: { error: Error; retry: () => void }) {
  const { t } = useTranslation();
  const told = useProblemText();
  return (
    <div role="alert" className="flex flex-wrap items-center justify-between gap-x-3 gap-y-2 px-4 py-3">
      <p className="min-w-0 text-danger">{told(error)}</p>
      <Button size="sm" icon="refresh" onClick={retry}>
        {t("common.try_again")}
      </Button>
    </div>
  );
}

function QueueLine({ queue, mayManage }: { queue: JobQueue; mayManage: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const pause = usePause(queue);
  const [isLimiting, setLimiting] = useState(false);
  const waiting = queue.waiting + queue.held;
  return (
    <li className="flex min-h-11 items-center gap-3 px-4 py-1">
      <span className="min-w-0 flex-1">
        <span className="flex min-w-0 items-center gap-2">
          <bdi dir="ltr" className="truncate font-medium">
            {queue.name}
          </bdi>
          {queue.paused_at && <Badge tone="warn">{t("jobs.queues.paused")}</Badge>}
        </span>
      </span>
      <span className="flex shrink-0 flex-wrap justify-end gap-x-3 text-sm text-muted tabular-nums">
        <span title={queue.oldest_ready_at ? t("jobs.queues.oldest", { ago: format.ago(queue.oldest_ready_at) }) : ""}>
          {t("jobs.queues.waiting", { count: waiting })}
        </span>
        <span className={cx(queue.under_way > 0 && "text-accent")}>
          {queue.limit === null
            ? t("jobs.queues.under_way", { count: queue.under_way })
            : t("jobs.queues.under_way_of", { count: queue.under_way, limit: format.number(queue.limit) })}
        </span>
      </span>
      {mayManage && (
        <Menu
          trigger={
            <IconButton
              icon="more"
              label={t("jobs.queues.more", { name: isolated(queue.name) })}
              className="-me-2 size-8"
            />
          }
        >
          <MenuItem icon={queue.paused_at ? "play" : "pause"} onSelect={pause}>
            {t(queue.paused_at ? "jobs.queues.resume" : "jobs.queues.pause")}
          </MenuItem>
          <MenuItem icon="settings" onSelect={() => setLimiting(true)}>
            {t("jobs.limit.action")}
          </MenuItem>
        </Menu>
      )}
      {isLimiting && <QueueLimit queue={queue} onClose={() => setLimiting(false)} />}
    </li>
  );
}

function usePause(queue: JobQueue) {
  const { t } = useTranslation();
  const told = useProblemText();
  const refresh = useRefresh();
  const paused = queue.paused_at === null;
  return () =>
    void changeQueue(queue.name, { paused })
      .then(() =>
        toast(t(paused ? "jobs.queues.paused_done" : "jobs.queues.resumed_done", { name: isolated(queue.name) })),
      )
      .catch((error: unknown) => toast(told(error), "danger"))
      .finally(refresh);
}

/** Places that jobs take on a machine; more than these are told as figures only. */
const MOST_DOTS = 12;

function MachineLine({ machine, mayManage }: { machine: JobMachine; mayManage: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [isLimiting, setLimiting] = useState(false);
  const { limit, under_way } = machine;
  return (
    <li className="flex min-h-11 items-center gap-3 px-4 py-1">
      <bdi dir="ltr" className="min-w-0 flex-1 truncate font-medium">
        {machine.name}
      </bdi>
      {!machine.is_ready && <Badge>{t("jobs.machines.not_ready")}</Badge>}
      {limit <= MOST_DOTS && (
        <span aria-hidden="true" className="flex gap-1 max-sm:hidden">
          {Array.from({ length: limit }, (_, at) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: a place is its number.
              key={at}
              className={cx("h-3.5 w-1.5 rounded-xs", at < under_way ? "bg-accent" : "bg-line")}
            />
          ))}
        </span>
      )}
      <span className="shrink-0 text-sm text-muted tabular-nums">
        {t("jobs.machines.taken", { taken: format.number(under_way), limit: format.number(limit) })}
      </span>
      {mayManage && (
        <IconButton
          icon="settings"
          label={t("jobs.machines.limit", { name: isolated(machine.name) })}
          className="-me-2 size-8"
          onClick={() => setLimiting(true)}
        />
      )}
      {isLimiting && <MachineLimit machine={machine} onClose={() => setLimiting(false)} />}
    </li>
  );
}
