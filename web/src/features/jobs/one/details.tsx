// What was wanted, as it is read, and what it took.
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Argv } from "@/features/machines/command/argv-field";
import { placeOf } from "@/features/machines/command/draft";
import { ScriptSource } from "@/features/machines/command/script-fields";
import { Code, Fact, Facts } from "@/features/vault/facts";
import { useFormat } from "@/i18n/format";
import { Section } from "@/ui/page";
import { Moment } from "@/ui/time";
import type { JobDetail } from "../api";
import { AttemptCount } from "../list/job-table";
import { WhereTo } from "../target";
import { useSpecWords } from "./spec-words";

export function Details({ job }: { job: JobDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useSpecWords();
  const { operation, usage } = job;
  const place = placeOf(operation);
  const us = (value: number) => format.took(Math.round(value / 1000));
  return (
    <Section title={t("jobs.details.title")}>
      <div className="grid gap-5">
        {operation.kind === "exec" && <Argv argv={operation.argv} label={t("commands.argv.title")} />}
        <ScriptSource operation={operation} />
        <div className="grid items-start gap-x-10 gap-y-5 lg:grid-cols-2">
          <Facts>
            <Fact label={t("jobs.where")}>
              {job.machine_id && job.machine_name ? (
                <Link
                  to="/machines/$id"
                  params={{ id: job.machine_id }}
                  dir="ltr"
                  className="rounded-sm text-accent underline-offset-2 hover:underline"
                >
                  {job.machine_name}
                </Link>
              ) : (
                <WhereTo target={job.target} />
              )}
            </Fact>
            {place && (
              <Fact label={t("commands.place")}>
                <Code>{place}</Code>
              </Fact>
            )}
            <Fact label={t("jobs.queue")}>
              <bdi dir="ltr">{job.queue}</bdi>
            </Fact>
            <Fact label={t("jobs.attempt")}>
              <AttemptCount job={job} />
            </Fact>
            <Fact label={t("jobs.created")}>
              <Moment at={job.created_at} />
            </Fact>
            {job.ended_at && (
              <Fact label={t("jobs.ended")}>
                <Moment at={job.ended_at} />
              </Fact>
            )}
            {/* Of an attempt of which nobody knows what became there are no figures. */}
            {usage && usage.wall_us > 0 && (
              <>
                <Fact label={t("commands.took")}>{us(usage.wall_us)}</Fact>
                <Fact label={t("commands.usage.processor")}>{us(usage.user_us + usage.system_us)}</Fact>
                {usage.memory_bytes > 0 && (
                  <Fact label={t("commands.usage.memory")}>{format.bytes(usage.memory_bytes)}</Fact>
                )}
              </>
            )}
            <Fact label={t("commands.id")}>
              <Code>{job.id}</Code>
            </Fact>
          </Facts>
          <Facts>
            {words(job).map(({ label, text }) => (
              <Fact key={label} label={label}>
                {text}
              </Fact>
            ))}
            <Given job={job} />
            {job.idempotency_key && (
              <Fact label={t("jobs.details.key")}>
                <Code>{job.idempotency_key}</Code>
              </Fact>
            )}
            {job.rerun_of && (
              <Fact label={t("jobs.details.rerun_of")}>
                <Link
                  to="/jobs/$id"
                  params={{ id: job.rerun_of }}
                  className="rounded-sm text-accent underline-offset-2 hover:underline"
                >
                  <Code>{job.rerun_of}</Code>
                </Link>
              </Fact>
            )}
          </Facts>
        </div>
      </div>
    </Section>
  );
}

/** What its process is given, besides what every job is. */
function Given({ job }: { job: JobDetail }) {
  const { t } = useTranslation();
  const env = Object.entries(job.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const secrets = (job.secrets ?? []).map(({ env, secret }) => `${env} ← ${secret}`);
  return (
    <>
      {env.length > 0 && (
        <Fact label={t("commands.variables")}>
          <Lines lines={env} />
        </Fact>
      )}
      {secrets.length > 0 && (
        <Fact label={t("commands.secrets")}>
          <Lines lines={secrets} />
        </Fact>
      )}
      {(job.artifacts ?? []).length > 0 && (
        <Fact label={t("jobs.details.artifacts")}>
          <Lines lines={job.artifacts} />
        </Fact>
      )}
    </>
  );
}

function Lines({ lines }: { lines: string[] }) {
  return (
    <ul className="grid gap-1">
      {lines.map((line) => (
        <li key={line} className="break-all">
          <Code>{line}</Code>
        </li>
      ))}
    </ul>
  );
}
