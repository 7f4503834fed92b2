// The attempts, one below the other on one line of time. They are boxes in a row, not a drawing, so that in Arabic
// time runs from right to left by itself.
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useNow } from "@/features/machines/use-machines";
import { useFormat } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { Section } from "@/ui/page";
import type { JobAttempt, JobDetail, JobState } from "../api";
import { Ran, Took } from "../durations";
import { isOpen, JobStateBadge } from "../state";
import { type Lane, lanes, waitingSince } from "./lanes";

interface AttemptsProps {
  job: JobDetail;
  attempts: JobAttempt[];
  shown: number | undefined;
}

export function Attempts({ job, attempts, shown }: AttemptsProps) {
  const { t } = useTranslation();
  const now = useNow(1000, isOpen(job) && job.state !== "queued");
  const drawn = lanes(job, attempts, now);
  return (
    <Section
      title={t("jobs.attempts.title")}
      actions={
        <ul aria-hidden="true" className="flex flex-wrap gap-x-4 text-sm text-muted">
          <Sign look="bg-edge/35" label={t("jobs.attempts.waited")} />
          <Sign look="bg-accent/35" label={t("jobs.attempts.leased")} />
          <Sign look="bg-accent" label={t("jobs.attempts.ran")} />
        </ul>
      }
    >
      <ol className="-mx-5 -mb-5 max-h-96 divide-y divide-line overflow-y-auto border-t border-line">
        {attempts.map((attempt, at) => (
          <Attempt
            key={attempt.attempt}
            job={job}
            attempt={attempt}
            lane={drawn[at] ?? { from: 0, waited: 0, leased: 0, ran: 0 }}
            waitedMs={moment(attempt.leased_at) - waitingSince(job, attempts, at)}
            isShown={attempt.attempt === shown}
            isAlone={attempts.length === 1}
          />
        ))}
      </ol>
    </Section>
  );
}

function Sign({ look, label }: { look: string; label: string }) {
  return (
    <li className="flex items-center gap-1.5">
      <span className={cx("size-2 rounded-full", look)} />
      {label}
    </li>
  );
}

interface AttemptProps {
  job: JobDetail;
  attempt: JobAttempt;
  lane: Lane;
  waitedMs: number;
  isShown: boolean;
  isAlone: boolean;
}

const moment = (at: string) => new Date(at).getTime();

const ends: Partial<Record<JobState, string>> = {
  succeeded: "bg-ok",
  failed: "bg-danger",
  timed_out: "bg-danger",
  cancelled: "bg-edge",
};

function Attempt({ job, attempt, lane, waitedMs, isShown, isAlone }: AttemptProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const percent = (share: number) => `${share * 100}%`;
  const took = (ms: number) => format.took(Math.max(0, Math.round(ms)));
  const ranMs = attempt.started_at && attempt.ended_at ? moment(attempt.ended_at) - moment(attempt.started_at) : 0;
  const number = t("jobs.attempts.number", { n: format.number(attempt.attempt) });
  return (
    <li
      className={cx(
        "relative grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-2 px-5 py-3 md:grid-cols-[9rem_1fr_11rem_5rem]",
        !isAlone && "hover:bg-raised/50",
        isShown && !isAlone && "bg-accent-soft/50",
      )}
    >
      <span className="min-w-0">
        {isAlone ? (
          <span className="block font-medium">{number}</span>
        ) : (
          <Link
            to="/jobs/$id"
            params={{ id: job.id }}
            search={{ attempt: attempt.attempt }}
            replace
            resetScroll={false}
            aria-current={isShown ? "true" : undefined}
            className="block rounded-sm font-medium after:absolute after:inset-0 hover:underline"
          >
            {number}
          </Link>
        )}
        <bdi dir="ltr" className="block truncate text-sm text-faint rtl:text-end">
          {attempt.machine_name}
        </bdi>
      </span>
      <span
        role="img"
        aria-label={t("jobs.attempts.picture", { waited: took(waitedMs), ran: took(ranMs) })}
        className="flex h-4 min-w-0 overflow-hidden rounded-sm bg-raised max-md:order-last max-md:col-span-2"
      >
        <span style={{ width: percent(lane.from) }} />
        <Part share={lane.waited} look="bg-edge/35" />
        <Part share={lane.leased} look="bg-accent/35" />
        <Part share={lane.ran} look={(attempt.ended_at && ends[attempt.state]) || "bg-accent"} />
      </span>
      <span className="justify-self-start max-md:justify-self-end">
        <JobStateBadge job={{ ...attempt, cancel_asked_at: job.cancel_asked_at }} />
      </span>
      <span className="text-sm text-muted tabular-nums max-md:hidden">
        {attempt.started_at ? <Ran job={attempt} /> : <Took ms={0} />}
      </span>
    </li>
  );
}

/** However short it was, it is seen. */
function Part({ share, look }: { share: number; look: string }) {
  if (share === 0) return null;
  return <span className={cx("min-w-0.5", look)} style={{ width: `${share * 100}%` }} />;
}
