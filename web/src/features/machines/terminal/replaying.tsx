// A recording, played on the same screen as a terminal.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { downloadText } from "@/ui/download";
import { Checkbox, Field, Select } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { ErrorState } from "@/ui/problem";
import { EmptyState, Skeleton } from "@/ui/states";
import { isolated } from "../use-machines";
import { recordingQuery, type TerminalCommand } from "./access";
import { type Cast, readCast } from "./cast";
import { Replay, speeds } from "./replay";
import { makeScreen, type Screen } from "./screen";

export default function Replaying({ terminal }: { terminal: TerminalCommand }) {
  const { t } = useTranslation();
  const recording = useQuery({
    ...recordingQuery(terminal.id),
    select: (file: string) => ({ file, cast: readCast(file) }),
  });
  if (recording.isPending) return <Skeleton className="h-80 rounded-md" />;
  if (!recording.data) return <ErrorState error={recording.error} retry={() => recording.refetch()} />;
  const { file, cast } = recording.data;
  if (!cast || cast.events.length === 0) {
    return (
      <EmptyState icon="terminal" title={t("terminals.replay.empty")}>
        {t("terminals.replay.empty_text")}
      </EmptyState>
    );
  }
  const download = () => downloadText(`${terminal.machine_name}-${terminal.id}.cast`, file);
  return <Player cast={cast} onDownload={download} />;
}

function Player({ cast, onDownload }: { cast: Cast; onDownload: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const described = useId();
  const host = useRef<HTMLDivElement>(null);
  const [replay, setReplay] = useState<Replay | null>(null);
  useEffect(() => {
    let isGone = false;
    let screen: Screen | null = null;
    let one: Replay | null = null;
    const begin = async () => {
      if (!host.current) return;
      const made = await makeScreen(host.current, {});
      if (isGone) return made.dispose();
      screen = made;
      made.describe(t("terminals.replay.screen"), described);
      one = new Replay(cast, playedOn(made), frame);
      setReplay(one);
      one.play();
    };
    void begin();
    return () => {
      isGone = true;
      one?.pause();
      screen?.dispose();
    };
  }, [cast, described, t]);
  useSyncExternalStore(replay?.subscribe ?? nothing, () => replay?.version ?? 0);

  const at = replay?.at ?? 0;
  return (
    <div className="grid min-w-0 gap-3">
      {cast.hasGaps && <Notice tone="warn">{t("terminals.replay.gaps")}</Notice>}
      {cast.isCut && <Notice tone="warn">{t("terminals.replay.cut")}</Notice>}
      <div dir="ltr" className="max-h-[60dvh] overflow-auto rounded-md border border-line bg-surface p-2">
        <div ref={host} className="w-max" />
      </div>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Button
          look="primary"
          icon={replay?.isPlaying ? "pause" : "play"}
          onClick={() => (replay?.isPlaying ? replay.pause() : replay?.play())}
        >
          {t(replay?.isPlaying ? "terminals.replay.pause" : "terminals.replay.play")}
        </Button>
        <input
          type="range"
          min={0}
          max={Math.max(cast.duration, 0.1)}
          step={0.1}
          value={at}
          aria-label={t("terminals.replay.position")}
          aria-valuetext={format.took(Math.round(at * 1000))}
          onChange={(event) => replay?.seek(Number(event.target.value))}
          className="min-w-40 flex-1 accent-(--accent)"
        />
        <bdi dir="ltr" className="text-sm text-muted tabular-nums">
          {clock(at)} / {clock(cast.duration)}
        </bdi>
        <Field label={t("terminals.replay.speed")} hideLabel>
          <Select
            value={replay?.speed ?? 1}
            onChange={(event) => replay?.set({ speed: Number(event.target.value) })}
            className="w-24"
          >
            {speeds.map((speed) => (
              <option key={speed} value={speed}>
                {isolated(`${format.number(speed)}×`)}
              </option>
            ))}
          </Select>
        </Field>
        <Checkbox
          label={t("terminals.replay.skip_pauses")}
          checked={replay?.skipsPauses ?? true}
          onChange={(event) => replay?.set({ skipsPauses: event.target.checked })}
        />
        <Button icon="download" onClick={onDownload}>
          {t("terminals.replay.download")}
        </Button>
      </div>
      <p id={described} className="text-sm text-faint">
        {t("terminals.replay.input_missing")}
      </p>
    </div>
  );
}

function playedOn(screen: Screen) {
  return {
    reset: (size: Cast["size"]) => {
      screen.reset();
      screen.resize(size);
    },
    write: (text: string) => screen.write(text),
    resize: (size: Cast["size"]) => screen.resize(size),
  };
}

function frame(run: (now: number) => void): () => void {
  const id = requestAnimationFrame(run);
  return () => cancelAnimationFrame(id);
}

function nothing() {
  return () => {};
}

/** 1:02:03 */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
