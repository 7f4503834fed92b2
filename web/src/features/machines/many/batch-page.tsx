// One command on many machines: how each fares, live, and what went wrong where.
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { Command, CommandBatch } from "@/api/types";
import { useCan } from "@/app/me";
import { useFormat } from "@/i18n/format";
import { Button, buttonLook } from "@/ui/button";
import { Choice } from "@/ui/choice";
import { Icon } from "@/ui/icon";
import { Card, Page } from "@/ui/page";
import { ErrorState, NoPermission, useProblemText } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import { toast } from "@/ui/toast";
import { hasSucceeded, isOpen } from "../command/command-state";
import { summary } from "../command/draft";
import { batchQuery } from "../queries";
import { useRefresh } from "../use-machines";
import { useMachineWords } from "../words";
import { ResultRow } from "./result-row";
import { resultsOf } from "./results";

const route = getRouteApi("/signed-in/shell/machines/runs/$id");

export default function BatchPage() {
  useMachineWords();
  const { t } = useTranslation();
  const mayRun = useCan("commands.run");
  if (mayRun) return <Loaded />;
  return (
    <Page title={t("places.commands")}>
      <NoPermission />
    </Page>
  );
}

function Loaded() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const batch = useQuery(batchQuery(id));
  if (batch.data) return <Shown key={id} batch={batch.data} />;
  return (
    <Page title={t("places.commands")} above={<Back />}>
      <Card>
        {batch.isPending ? <SkeletonRows /> : <ErrorState error={batch.error} retry={() => batch.refetch()} />}
      </Card>
    </Page>
  );
}

type Which = "all" | "failed" | "open";

function Shown({ batch }: { batch: CommandBatch }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [which, setWhich] = useState<Which>("all");
  const commands = resultsOf(batch.commands);
  const failed = commands.filter((command) => !isOpen(command) && !hasSucceeded(command));
  const title = commands[0] ? summary(commands[0].operation) : t("places.commands");
  const shown = which === "all" ? commands : which === "failed" ? failed : commands.filter(isOpen);
  const counts = { all: commands.length, failed: failed.length, open: commands.filter(isOpen).length };
  return (
    <Page
      title={title}
      heading={
        <bdi dir="ltr" className="font-mono text-lg tracking-normal wrap-anywhere">
          {title}
        </bdi>
      }
      above={<Back />}
      lead={<Counts batch={batch} failed={failed.length} />}
      actions={<BatchActions commands={commands} failed={failed} />}
    >
      <Card>
        <div className="flex flex-wrap items-center justify-between gap-3 border-b border-line p-4">
          <Choice
            label={t("commands.many.which")}
            value={which}
            options={(["all", "failed", "open"] as const).map((value) => ({
              value,
              label: `${t(`commands.many.show_${value}`)} ${format.number(counts[value])}`,
            }))}
            onChange={setWhich}
          />
        </div>
        {shown.length === 0 && <p className="p-5 text-muted">{t("commands.many.none_so")}</p>}
        <ul className="divide-y divide-line">
          {shown.map((command) => (
            <ResultRow key={command.id} command={command} />
          ))}
        </ul>
      </Card>
    </Page>
  );
}

function Counts({ batch, failed }: { batch: CommandBatch; failed: number }) {
  const { t } = useTranslation();
  const all = batch.commands.length || 1;
  return (
    <span className="grid gap-2">
      <span role="status" className="flex flex-wrap gap-x-4">
        <span className="text-ok">{t("commands.many.succeeded", { count: batch.succeeded })}</span>
        {failed > 0 && <span className="text-danger">{t("commands.many.failed", { count: failed })}</span>}
        {batch.open > 0 && <span>{t("commands.many.open", { count: batch.open })}</span>}
      </span>
      <span aria-hidden="true" className="flex h-1.5 w-72 max-w-full overflow-hidden rounded-full bg-raised">
        <span className="bg-ok" style={{ width: `${(batch.succeeded / all) * 100}%` }} />
        <span className="bg-danger" style={{ width: `${(failed / all) * 100}%` }} />
      </span>
    </span>
  );
}

function BatchActions({ commands, failed }: { commands: Command[]; failed: Command[] }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const text = useProblemText();
  const open = commands.filter((command) => isOpen(command) && !command.cancel_asked_at);
  const stop = useMutation({
    mutationFn: async () => {
      const stopped = await Promise.allSettled(
        open.map(({ id }) => unwrap(api.POST("/commands/{id}/cancel", { params: { path: { id } } }))),
      );
      // One that ended meanwhile needs no stopping.
      const wrong = stopped.find((one) => one.status === "rejected" && one.reason?.code !== "command_over");
      if (wrong?.status === "rejected") throw wrong.reason;
    },
    onError: (error) => toast(text(error), "danger"),
    onSettled: refresh,
  });
  const first = failed[0];
  return (
    <>
      {open.length > 0 && (
        <Button icon="stop" busy={stop.isPending} onClick={() => stop.mutate()}>
          {t("commands.many.stop_all")}
        </Button>
      )}
      {open.length === 0 && first && (
        <Link
          to="/machines/run"
          search={{ machines: failed.map((command) => command.machine_id).join(","), like: first.id }}
          className={buttonLook()}
        >
          <Icon name="refresh" />
          {t("commands.many.again_failed")}
        </Link>
      )}
    </>
  );
}

function Back() {
  const { t } = useTranslation();
  return (
    <Link
      to="/machines/commands"
      className="inline-flex min-h-7 items-center gap-1 rounded-sm text-sm text-muted hover:text-ink pointer-coarse:min-h-10"
    >
      <Icon name="chevron" className="size-4 rotate-180 rtl:rotate-180" />
      {t("commands.back")}
    </Link>
  );
}
