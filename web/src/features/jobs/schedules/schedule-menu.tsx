// What can be done with a schedule from wherever it is listed.
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { isolatedName } from "@/features/machines/use-machines";
import { IconButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { useProblemText } from "@/ui/problem";
import { toast } from "@/ui/toast";
import type { Schedule } from "../api";
import { changeSchedule, removeSchedule, runSchedule } from "../calls";
import { useMayChange, useRefresh } from "../use-jobs";

/** The things one does with one press. */
export function useScheduleActs(schedule: Schedule) {
  const { t } = useTranslation();
  const told = useProblemText();
  const refresh = useRefresh();
  const navigate = useNavigate();
  const failed = { onError: (error: unknown) => toast(told(error), "danger"), onSettled: refresh };
  const run = useMutation({
    mutationFn: () => runSchedule(schedule.id),
    onSuccess: ({ id }) => {
      toast(t("schedules.run.done"));
      void navigate({ to: "/jobs/$id", params: { id } });
    },
    ...failed,
  });
  const pause = useMutation({
    mutationFn: () => changeSchedule(schedule.id, { paused: schedule.paused_at === null }),
    onSuccess: () => toast(t(schedule.paused_at === null ? "schedules.pause.done" : "schedules.resume.done")),
    ...failed,
  });
  return { run, pause };
}

export function ScheduleMenu({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const mayChange = useMayChange(schedule.owner);
  const { run, pause } = useScheduleActs(schedule);
  const [isRemoving, setRemoving] = useState(false);
  if (!mayChange) return null;
  return (
    // Above the link that covers the row; while it is open, where all menus are.
    <div className="relative z-1 has-[[data-state=open]]:z-50">
      <Menu trigger={<IconButton icon="more" label={t("schedules.more", { name: isolatedName(schedule.name) })} />}>
        <MenuItem icon="play" onSelect={() => run.mutate()}>
          {t("schedules.run.action")}
        </MenuItem>
        <MenuItem icon={schedule.paused_at ? "calendar" : "pause"} onSelect={() => pause.mutate()}>
          {t(schedule.paused_at ? "schedules.resume.action" : "schedules.pause.action")}
        </MenuItem>
        <MenuItem
          icon="pencil"
          onSelect={() => void navigate({ to: "/jobs/schedules/$id/change", params: { id: schedule.id } })}
        >
          {t("schedules.change.action")}
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon="trash" danger onSelect={() => setRemoving(true)}>
          {t("schedules.remove.action")}
        </MenuItem>
      </Menu>
      {isRemoving && <RemoveSchedule schedule={schedule} onClose={() => setRemoving(false)} />}
    </div>
  );
}

function RemoveSchedule({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const navigate = useNavigate();
  async function remove() {
    await removeSchedule(schedule.id);
    toast(t("schedules.remove.done"));
    await navigate({ to: "/jobs/schedules" });
    await refresh();
  }
  return (
    <Confirm
      title={t("schedules.remove.title", { name: isolatedName(schedule.name) })}
      action={t("schedules.remove.action")}
      run={remove}
      onClose={onClose}
    >
      {t("schedules.remove.text")}
    </Confirm>
  );
}
