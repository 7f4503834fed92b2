// When a schedule comes: by the clock, when somebody calls its address, or when something happens here.
import { useTranslation } from "react-i18next";
import { browserTimeZone, useTimeZone } from "@/app/time-zone";
import { Field, Input, Select, Textarea } from "@/ui/field";
import type { ScheduleSpec } from "../api";
import type { Complaints } from "../form/complaints";
import { SpanField } from "../form/span-field";
import { WideChoice } from "../wide-choice";
import { CronMeaning } from "./cron-meaning";
import { eventKey, providerNames, useCronWords } from "./cron-words";
import { type ScheduleDraft, whenOf } from "./draft";
import { NextRuns } from "./next-runs";

interface WhenFieldsProps extends WhenProps {
  /** One that is called does not become one that is not, nor the other way. */
  was: ScheduleDraft["kind"] | null;
}

interface WhenProps {
  draft: ScheduleDraft;
  set: (part: Partial<ScheduleDraft>) => void;
  complaints: Complaints;
}

const kinds: ScheduleDraft["kind"][] = ["cron", "webhook", "event"];

export function WhenFields({ was, ...props }: WhenFieldsProps) {
  const { t } = useTranslation();
  const { draft, set } = props;
  const offered = kinds.filter((kind) => was === null || (kind === "webhook") === (was === "webhook"));
  return (
    <div className="grid gap-5">
      <WideChoice
        label={t("schedules.when.title")}
        value={draft.kind}
        options={offered.map((kind) => ({ value: kind, label: t(`schedules.when.${kind}`) }))}
        onChange={(kind) => set({ kind })}
      />
      {draft.kind === "cron" && <CronFields {...props} />}
      {draft.kind === "webhook" && <WebhookFields {...props} />}
      {draft.kind === "event" && <EventFields {...props} />}
    </div>
  );
}

const presets = ["*/15 * * * *", "0 * * * *", "0 3 * * *", "0 9 * * mon-fri", "0 6 * * mon", "0 0 1 * *"];

function CronFields({ draft, set, complaints }: WhenProps) {
  const { t } = useTranslation();
  const mine = useTimeZone();
  const zones = [...new Set([draft.zone, mine ?? browserTimeZone(), "UTC", ...Intl.supportedValuesOf("timeZone")])];
  return (
    <div className="grid items-start gap-x-8 gap-y-5 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="grid gap-4">
        <Field
          label={t("schedules.cron.expression")}
          hint={t("schedules.cron.expression_hint")}
          error={complaints.at("when.expression")}
        >
          <Input
            code
            maxLength={255}
            value={draft.expression}
            onChange={(event) => set({ expression: event.target.value })}
            className="font-mono tracking-wider"
          />
        </Field>
        <CronMeaning expression={draft.expression} />
        <Presets chosen={draft.expression} onPick={(expression) => set({ expression })} />
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field label={t("schedules.zone")} error={complaints.at("when.time_zone")}>
            <Select value={draft.zone} onChange={(event) => set({ zone: event.target.value })}>
              {zones.map((zone) => (
                <option key={zone} value={zone}>
                  {zone.replaceAll("_", " ")}
                </option>
              ))}
            </Select>
          </Field>
          <SpanField
            label={t("schedules.jitter")}
            optional
            hint={t("schedules.jitter_hint")}
            error={complaints.at("when.jitter_ms")}
            value={draft.jitter}
            onChange={(jitter) => set({ jitter })}
          />
        </div>
      </div>
      <NextRuns when={whenOf(draft)} />
    </div>
  );
}

function Presets({ chosen, onPick }: { chosen: string; onPick: (expression: string) => void }) {
  const { t } = useTranslation();
  return (
    <ul aria-label={t("schedules.cron.presets")} className="flex flex-wrap gap-1.5">
      {presets.map((preset) => (
        <li key={preset}>
          <button
            type="button"
            aria-pressed={chosen === preset}
            onClick={() => onPick(preset)}
            className="min-h-7 rounded-sm border border-line px-2 text-sm text-muted hover:border-edge hover:text-ink aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-ink pointer-coarse:min-h-10"
          >
            <PresetName expression={preset} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function PresetName({ expression }: { expression: string }) {
  const words = useCronWords();
  return <>{words.sentence(expression)}</>;
}

function WebhookFields({ draft, set, complaints }: WhenProps) {
  const { t } = useTranslation();
  const isGit = draft.provider !== "diwan";
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <Field
        label={t("schedules.provider")}
        hint={t(isGit ? "schedules.provider_git" : "schedules.provider_diwan")}
        error={complaints.at("when.provider")}
      >
        <Select
          value={draft.provider}
          onChange={(event) => set({ provider: event.target.value as ScheduleDraft["provider"] })}
        >
          {Object.entries(providerNames).map(([provider, name]) => (
            <option key={provider} value={provider}>
              {provider === "diwan" ? t("schedules.provider_any") : name}
            </option>
          ))}
        </Select>
      </Field>
      {isGit && (
        <Field
          label={t("commands.field.branch")}
          optional
          hint={t("schedules.branch_hint")}
          error={complaints.at("when.branch")}
        >
          <Input
            code
            maxLength={244}
            placeholder="main"
            value={draft.branch}
            onChange={(event) => set({ branch: event.target.value })}
          />
        </Field>
      )}
    </div>
  );
}

const events: ScheduleDraft["event"][] = ["git.push", "job.ended", "machine.joined"];

function EventFields({ draft, set, complaints }: WhenProps) {
  const { t } = useTranslation();
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <Field label={t("schedules.event.title")} error={complaints.at("when.event")}>
        <Select value={draft.event} onChange={(event) => set({ event: event.target.value as ScheduleDraft["event"] })}>
          {events.map((event) => (
            <option key={event} value={event}>
              {t(`schedules.event.${eventKey(event)}`)}
            </option>
          ))}
        </Select>
      </Field>
      <Field
        label={t("schedules.event.filter")}
        optional
        hint={t(`schedules.event.${eventKey(draft.event)}_filter`)}
        error={complaints.at("when.filter")}
      >
        <Textarea
          dir="ltr"
          spellCheck={false}
          rows={2}
          value={draft.filter}
          onChange={(event) => set({ filter: event.target.value })}
          className="font-mono text-sm"
        />
      </Field>
    </div>
  );
}

const missedKinds: ScheduleSpec["missed"][] = ["skip", "once", "all"];
const overlaps: ScheduleSpec["overlap"][] = ["skip", "allow"];

/** What becomes of runs whose time passed while the server was away, and of those that meet one that still goes on. */
export function MannerFields({ draft, set, complaints }: WhenProps) {
  const { t } = useTranslation();
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      {draft.kind === "cron" && (
        <Field
          label={t("schedules.missed.title")}
          hint={t(`schedules.missed.${draft.missed}_means`)}
          error={complaints.at("missed")}
        >
          <Select
            value={draft.missed}
            onChange={(event) => set({ missed: event.target.value as ScheduleSpec["missed"] })}
          >
            {missedKinds.map((missed) => (
              <option key={missed} value={missed}>
                {t(`schedules.missed.${missed}`)}
              </option>
            ))}
          </Select>
        </Field>
      )}
      <Field
        label={t("schedules.overlap.title")}
        hint={t(`schedules.overlap.${draft.overlap}_means`)}
        error={complaints.at("overlap")}
      >
        <Select
          value={draft.overlap}
          onChange={(event) => set({ overlap: event.target.value as ScheduleSpec["overlap"] })}
        >
          {overlaps.map((overlap) => (
            <option key={overlap} value={overlap}>
              {t(`schedules.overlap.${overlap}`)}
            </option>
          ))}
        </Select>
      </Field>
    </div>
  );
}
