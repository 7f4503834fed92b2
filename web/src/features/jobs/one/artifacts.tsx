// The files that an attempt has left: which there are, where they are kept, and the way to have them.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { buttonLook } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { Notice } from "@/ui/notice";
import { Card } from "@/ui/page";
import { ErrorState } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import { type Column, Table } from "@/ui/table";
import { Moment } from "@/ui/time";
import type { Artifact, Artifacts as Found, JobDetail } from "../api";
import { artifactsQuery } from "../queries";
import { artifactAddress, canBeHad, copiesOf, wordOf } from "./artifacts-of";

interface ArtifactsProps {
  job: JobDetail;
  attempt: number | undefined;
}

export function Artifacts({ job, attempt }: ArtifactsProps) {
  const { t } = useTranslation();
  const isWanted = (job.artifacts ?? []).length > 0;
  const found = useQuery({ ...artifactsQuery(job.id, attempt), enabled: isWanted });
  if (!isWanted) return null;
  return (
    <section aria-labelledby="files-it-left" className="mb-6">
      <h2 id="files-it-left" className="mb-2 px-1 text-lg font-semibold">
        {t("jobs.files.title")}
      </h2>
      <Card>
        {found.data ? (
          <Shown job={job.id} found={found.data} />
        ) : found.isPending ? (
          <SkeletonRows rows={2} />
        ) : (
          <ErrorState error={found.error} retry={() => found.refetch()} />
        )}
      </Card>
    </section>
  );
}

function Shown({ job, found }: { job: string; found: Found }) {
  const { t } = useTranslation();
  const format = useFormat();
  const machine = found.machine_name ?? "";
  const word = wordOf(found);
  const columns: Column<Artifact>[] = [
    {
      key: "path",
      heading: t("jobs.files.path"),
      grows: true,
      cell: ({ path }) => (
        <bdi dir="ltr" className="block truncate font-mono text-sm" title={path}>
          {path}
        </bdi>
      ),
    },
    { key: "size", heading: t("jobs.files.size"), cell: ({ size_bytes }) => format.bytes(size_bytes) },
    {
      key: "modified",
      heading: t("jobs.files.modified"),
      wideOnly: true,
      cell: ({ modified_at }) => <Moment at={modified_at} />,
    },
    {
      key: "download",
      heading: t("jobs.files.download"),
      quiet: true,
      cell: (file) =>
        canBeHad(found, file) && (
          <a
            className={buttonLook("secondary", "sm")}
            href={artifactAddress(job, found.attempt, file.path)}
            aria-label={t("jobs.files.download_one", { path: file.path })}
            download
          >
            <Icon name="download" />
            {t("jobs.files.download")}
          </a>
        ),
    },
  ];
  return (
    <>
      {word && (
        <Notice tone={word.tone} className="m-4">
          {t(`jobs.files.${word.key}`, { machine })}
        </Notice>
      )}
      {found.files.length > 0 && (
        <Table caption={t("jobs.files.title")} columns={columns} rows={found.files} rowKey={({ path }) => path} />
      )}
      <Copies found={found} />
      <LeftOut found={found} />
    </>
  );
}

function Copies({ found }: { found: Found }) {
  const { t } = useTranslation();
  const copies = copiesOf(found);
  if (!copies) return null;
  return (
    <p className="flex flex-wrap items-center gap-x-2 border-t border-line px-5 py-3 text-sm text-muted">
      <Icon name="database" />
      {t(`jobs.files.copies_${copies.key}`, { done: copies.done, all: found.files.length })}
      {found.copying_problem && (
        <bdi lang="en" className="wrap-anywhere">
          {found.copying_problem}
        </bdi>
      )}
    </p>
  );
}

function LeftOut({ found }: { found: Found }) {
  const { t } = useTranslation();
  const count = found.left_out.length + found.left_out_more;
  if (count === 0) return null;
  return (
    <details className="border-t border-line px-5 py-3 text-sm">
      <summary className="min-h-7 text-muted">{t("jobs.files.left_out", { count })}</summary>
      <ul className="mt-2 grid gap-1">
        {found.left_out.map(({ path, why }) => (
          <li key={path + why} className="wrap-anywhere" dir="ltr">
            {path && <span className="font-mono">{path}: </span>}
            {why}
          </li>
        ))}
        {found.left_out_more > 0 && <li>{t("jobs.files.left_out_more", { count: found.left_out_more })}</li>}
      </ul>
    </details>
  );
}
