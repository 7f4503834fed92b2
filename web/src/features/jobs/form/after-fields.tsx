// Which jobs have to end before this one begins.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { isolatedName } from "@/features/machines/use-machines";
import { IconButton } from "@/ui/button";
import { Select } from "@/ui/field";
import { Icon } from "@/ui/icon";
import { SearchField } from "@/ui/search-field";
import type { Job, JobSpec } from "../api";
import { jobQuery, jobsFoundQuery } from "../queries";
import { JobStateBadge } from "../state";
import type { PartProps } from "./job-fields";

type After = JobSpec["after"][number];

export function AfterFields({ draft, set, complaints }: PartProps) {
  const { t } = useTranslation();
  const { after } = draft;
  const change = (next: After[]) => set({ after: next });
  return (
    <fieldset className="grid gap-2">
      <legend className="text-sm font-medium">{t("jobs.form.after")}</legend>
      <p className="text-sm text-faint">{t("jobs.form.after_hint")}</p>
      {after.length > 0 && (
        <ul className="grid gap-2">
          {after.map((one, at) => (
            <Chosen
              key={one.job_id}
              after={one}
              onChange={(when) => change(after.map((other, place) => (place === at ? { ...other, when } : other)))}
              onRemove={() => change(after.filter((other) => other !== one))}
            />
          ))}
        </ul>
      )}
      <Search
        taken={after.map(({ job_id }) => job_id)}
        onPick={({ id }) => change([...after, { job_id: id, when: "succeeded" }])}
      />
      {complaints.at("after") && <p className="text-sm text-danger">{complaints.at("after")}</p>}
    </fieldset>
  );
}

interface ChosenProps {
  after: After;
  onChange: (when: After["when"]) => void;
  onRemove: () => void;
}

function Chosen({ after, onChange, onRemove }: ChosenProps) {
  const { t } = useTranslation();
  const job = useQuery(jobQuery(after.job_id)).data;
  const name = job ? job.title : after.job_id;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md border border-line py-1 ps-3 pe-1">
      <span className="flex min-w-0 flex-1 basis-40 items-center gap-2">
        <bdi className="truncate font-medium">{name}</bdi>
        {job && <JobStateBadge job={job} />}
      </span>
      <Select
        aria-label={t("jobs.form.after_when", { name: isolatedName(name) })}
        value={after.when}
        onChange={(event) => onChange(event.target.value === "ended" ? "ended" : "succeeded")}
        className="w-52"
      >
        <option value="succeeded">{t("jobs.chain.when_succeeded")}</option>
        <option value="ended">{t("jobs.chain.when_ended")}</option>
      </Select>
      <IconButton icon="close" label={t("jobs.form.after_remove", { name: isolatedName(name) })} onClick={onRemove} />
    </li>
  );
}

function Search({ taken, onPick }: { taken: string[]; onPick: (job: Job) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const found = useQuery({ ...jobsFoundQuery(text), enabled: text !== "" });
  const jobs = (found.data ?? []).filter(({ id }) => !taken.includes(id));
  return (
    <div className="grid gap-2">
      <SearchField label={t("jobs.form.after_search")} value={text} onChange={setText} className="sm:max-w-sm" />
      {text && found.data && (
        <ul className="max-h-56 divide-y divide-line overflow-y-auto rounded-md border border-line">
          {jobs.map((job) => (
            <li key={job.id}>
              <button
                type="button"
                onClick={() => {
                  onPick(job);
                  setText("");
                }}
                className="flex min-h-11 w-full items-center gap-3 px-3 py-1.5 text-start hover:bg-raised/50"
              >
                <Icon name="plus" className="size-4 text-faint" />
                <bdi className="min-w-0 flex-1 truncate">{job.title}</bdi>
                <JobStateBadge job={job} />
              </button>
            </li>
          ))}
          {jobs.length === 0 && <li className="px-3 py-2.5 text-sm text-muted">{t("jobs.nothing_found")}</li>}
        </ul>
      )}
    </div>
  );
}
